package matcher

import "maps"

// partners numbers the partners of an index, so that its documents needn't
// look them up by id. A number stays its partner's. It is immutable but for
// set, remove and count, which are for a clone.
type partners struct {
	numbers map[string]int32 // of those that the segment was built with
	later   map[string]int32 // of those that came after
	list    vector[offering] // by number
	n       int32            // numbers that were given
}

// offering is a partner, nil once it is removed, and how many opportunities it
// has.
type offering struct {
	partner       *Partner
	opportunities int32
}

// newPartners numbers partners by their place; an id given twice is returned.
func newPartners(all []Partner) (p partners, twice string) {
	p = partners{numbers: make(map[string]int32, len(all)), n: int32(len(all))}
	list := make([]offering, len(all))
	for i := range all {
		partner := all[i]
		if _, dup := p.numbers[partner.ID]; dup {
			return partners{}, partner.ID
		}
		p.numbers[partner.ID] = int32(i)
		list[i].partner = &partner
	}
	p.list = vectorOf(list)
	return p, ""
}

// clone may be changed; what came after is copied only when more comes.
func (p *partners) clone() partners {
	q := *p
	q.list = p.list.clone()
	return q
}

func (p *partners) set(partner Partner) {
	n, ok := p.numberOf(partner.ID)
	if !ok {
		n = p.n
		p.n++
		p.later = maps.Clone(p.later)
		if p.later == nil {
			p.later = make(map[string]int32, 1)
		}
		p.later[partner.ID] = n
	}
	p.list.set(uint32(n), offering{&partner, p.list.at(uint32(n)).opportunities})
}

func (p *partners) remove(id string) {
	if n, ok := p.numberOf(id); ok {
		p.list.set(uint32(n), offering{nil, p.list.at(uint32(n)).opportunities})
	}
}

// count says that a partner has so many opportunities more.
func (p *partners) count(number, more int32) {
	if number == noPartner {
		return
	}
	o := p.list.at(uint32(number))
	o.opportunities += more
	p.list.set(uint32(number), o)
}

// countAll says of each document which partner it has; nobody else may have
// seen the partners yet.
func (p *partners) countAll(all []attributes) {
	for i := range all {
		if n := all[i].partner; n != noPartner {
			p.list.pages[n/vectorPage][n%vectorPage].opportunities++
		}
	}
}

func (p *partners) numberOf(id string) (int32, bool) {
	n, ok := p.numbers[id]
	if !ok {
		n, ok = p.later[id]
	}
	return n, ok
}

// number is the partner's, or noPartner where none has the id or ever had.
func (p *partners) number(id string) int32 {
	if n, ok := p.numberOf(id); ok && id != "" {
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
	return p.list.at(uint32(number)).partner
}

// compact numbers anew the partners that are there, without counts, and says
// which number each one gets.
func (p *partners) compact() (q partners, renumbered []int32) {
	renumbered = make([]int32, p.n)
	var list []offering
	for n := range p.n {
		if partner := p.at(n); partner != nil {
			renumbered[n] = int32(len(list))
			list = append(list, offering{partner: partner})
		} else {
			renumbered[n] = noPartner
		}
	}
	q = partners{numbers: p.numbers, list: vectorOf(list), n: int32(len(list))}
	if q.n == p.n && len(p.later) == 0 {
		return q, renumbered // the same numbers
	}
	q.numbers = make(map[string]int32, len(list))
	for n, o := range list {
		q.numbers[o.partner.ID] = int32(n)
	}
	return q, renumbered
}

// kinds are those of the partners, by number.
func (p *partners) kinds() []PartnerKind {
	kinds := make([]PartnerKind, p.n)
	for n := range kinds {
		if partner := p.at(int32(n)); partner != nil {
			kinds[n] = partner.Kind
		}
	}
	return kinds
}
