package app

import "gatehouse/backend/store"

// Place is where the window was, in the toolkit's pixels.
type Place struct {
	X         int  `json:"x"`
	Y         int  `json:"y"`
	Width     int  `json:"width"`
	Height    int  `json:"height"`
	Maximised bool `json:"maximised"`
}

const placeKey = "main"

func (c *Core) openPlace(db *store.DB) { c.places = store.NewBucket[Place](db, "window") }

// Place is where the window was last; false where that is unknown.
func (c *Core) Place() (Place, bool) {
	p, ok, err := c.places.Get(placeKey)
	c.check("reading where the window was", err)
	return p, ok && p.Width > 0 && p.Height > 0
}

// SetPlace keeps where the window is.
func (c *Core) SetPlace(p Place) { c.check("keeping where the window is", c.places.Put(placeKey, p)) }
