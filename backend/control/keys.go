package control

import (
	"context"

	"gatehouse/backend/access"
)

func toKey(k access.Key) Key {
	models := k.Models
	if models == nil {
		models = []string{}
	}
	return Key{
		ID: k.ID, Name: k.Name, Project: k.Project, Hint: k.Hint, Models: models, CreatedAt: k.CreatedAt,
		ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
	}
}

func (s *Service) keyList(context.Context, Empty) (KeyList, error) {
	list := KeyList{Keys: []Key{}}
	for _, k := range s.Keys.List() {
		list.Keys = append(list.Keys, toKey(k))
	}
	return list, nil
}

func (s *Service) createKey(_ context.Context, p NewKey) (CreatedKey, error) {
	expires, err := access.ParseExpiry(p.Expires)
	if err != nil {
		return CreatedKey{}, err
	}
	key, token, err := s.Keys.Create(access.NewKey{Name: p.Name, Project: p.Project, Models: p.Models, ExpiresIn: expires})
	if err != nil {
		return CreatedKey{}, err
	}
	return CreatedKey{toKey(key), token}, nil
}

func (s *Service) revokeKey(_ context.Context, p KeyRef) (Key, error) {
	key, err := s.Keys.Revoke(p.Key)
	if err != nil {
		return Key{}, err
	}
	return toKey(key), nil
}
