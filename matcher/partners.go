package matcher

import (
	"maps"
	"slices"
)

// partners numbers the partners of an index, so that its documents needn't
// look them up by id. A number stays its partner's; it is immutable but for
// set and remove, which are for a clone.
type partners struct {
	numbers map[string]int32
	list    []*Partner // by number; nil once removed
}

func (p *partners) clone() partners {
	return partners{maps.Clone(p.numbers), slices.Clone(p.list)}
}

func (p *partners) set(partner Partner) {
	if n, ok := p.numbers[partner.ID]; ok {
		p.list[n] = &partner
		return
	}
	p.numbers[partner.ID] = int32(len(p.list))
	p.list = append(p.list, &partner)
}

func (p *partners) remove(id string) {
	if n, ok := p.numbers[id]; ok {
		p.list[n] = nil
	}
}

// number is the partner's, or noPartner where none has the id or ever had.
func (p *partners) number(id string) int32 {
	if n, ok := p.numbers[id]; ok && id != "" {
		return n
	}
	return noPartner
}

// find finds a partner by id.
func (p *partners) find(id string) (*Partner, bool) {
	partner := p.at(p.number(id))
	return partner, partner != nil
}

// at is the partner of a number, or nil.
func (p *partners) at(number int32) *Partner {
	if number == noPartner {
		return nil
	}
	return p.list[number]
}

// kinds are those of the partners, by number.
func (p *partners) kinds() []PartnerKind {
	kinds := make([]PartnerKind, len(p.list))
	for n, partner := range p.list {
		if partner != nil {
			kinds[n] = partner.Kind
		}
	}
	return kinds
}
