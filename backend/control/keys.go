package control

import (
	"context"
	"errors"
	"strings"

	"gatehouse/backend/access"
	"gatehouse/backend/budget"
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
		list.Keys = append(list.Keys, s.limited(toKey(k)))
	}
	return list, nil
}

func (s *Service) createKey(ctx context.Context, p NewKey) (CreatedKey, error) {
	expires, err := access.ParseExpiry(p.Expires)
	if err != nil {
		return CreatedKey{}, err
	}
	if p.Name = strings.TrimSpace(p.Name); p.Budget != "" {
		if _, err := budget.ParseLimit(p.Budget); err != nil {
			return CreatedKey{}, err
		}
	}
	key, token, err := s.Keys.Create(access.NewKey{Name: p.Name, Project: p.Project, Models: p.Models, ExpiresIn: expires})
	if err != nil {
		return CreatedKey{}, err
	}
	if err := s.bounded(ctx, p); err != nil { // a key without its bounds must not be about
		_, revoked := s.Keys.Revoke(key.ID)
		return CreatedKey{}, errors.Join(err, revoked)
	}
	return CreatedKey{s.limited(toKey(key)), token}, nil
}

func (s *Service) revokeKey(_ context.Context, p KeyRef) (Key, error) {
	key, err := s.Keys.Revoke(p.Key)
	if err != nil {
		return Key{}, err
	}
	return toKey(key), nil
}
