package matcher

import "slices"

// attributes are what the rules of eligibility look at, in the order of
// documents and without the strings: lists are numbers of the segment's, so
// that a rule is decided once per query and list.
type attributes struct {
	opens, closes Date
	minAge        int32 // -1: none
	partner       int32 // number, or noPartner
	lists         [dimensions]uint32
	kind          uint16 // its bit
	published     bool
	seats         bool
	remote        bool
	placed        bool // has a position
}

// dimension is a rule that looks at a list of strings.
type dimension int

const (
	byGrade dimension = iota
	byRegion
	bySlot
	byCredential
	byTerm // a list of one
	dimensions
)

// holds decides the rule for a list that is not empty.
func (d dimension) holds(list []string, q *Query) bool {
	switch d {
	case byGrade:
		return slices.Contains(list, q.Student.Grade)
	case byRegion:
		return slices.Contains(list, q.Student.Region)
	case bySlot:
		return len(q.Student.Slots) == 0 || containsAll(q.Student.Slots, list)
	case byCredential:
		return containsAll(q.Student.Credentials, list)
	default:
		return q.Term == "" || list[0] == q.Term
	}
}

// numbered gives each distinct list of a dimension a number. Number 0 is the
// empty one, for which all rules hold.
type numbered struct {
	lists [][]string
	index map[string]uint32 // by the items, joined by a zero, which no id has
	key   []byte
}

func newNumbered() *numbered {
	return &numbered{lists: [][]string{nil}, index: make(map[string]uint32)}
}

func (n *numbered) number(list []string) uint32 {
	switch len(list) {
	case 0:
		return 0
	case 1:
		return n.one(list[0])
	}
	n.key = append(n.key[:0], list[0]...)
	for _, item := range list[1:] {
		n.key = append(append(n.key, 0), item...)
	}
	at, ok := n.index[string(n.key)]
	if !ok {
		at = n.add(string(n.key), list)
	}
	return at
}

// one is number of a list of one item.
func (n *numbered) one(item string) uint32 {
	at, ok := n.index[item]
	if !ok {
		at = n.add(item, []string{item})
	}
	return at
}

func (n *numbered) add(key string, list []string) uint32 {
	at := uint32(len(n.lists))
	n.index[key] = at
	n.lists = append(n.lists, list)
	return at
}

// dictionaries number the lists of each dimension.
type dictionaries [dimensions]*numbered

func newDictionaries() dictionaries {
	var d dictionaries
	for i := range d {
		d[i] = newNumbered()
	}
	return d
}

// describe is what the rules look at of an opportunity.
func (d *dictionaries) describe(o *Opportunity, partner int32) attributes {
	a := attributes{
		opens: o.Opens, closes: o.Closes, minAge: -1, partner: partner, kind: kindBit(o.Kind),
		published: o.Status == Published, seats: o.Seats > 0, remote: o.Remote, placed: o.Position != nil,
	}
	if o.MinAge != nil {
		a.minAge = *o.MinAge
	}
	a.lists = [dimensions]uint32{
		byGrade:      d[byGrade].number(o.Grades),
		byRegion:     d[byRegion].number(o.Regions),
		bySlot:       d[bySlot].number(o.Slots),
		byCredential: d[byCredential].number(o.Requires),
		byTerm:       d[byTerm].one(o.Term),
	}
	return a
}

// kindBit is the bit of a kind: those that exist have a bit each, one that
// isn't said has the next, and others have none.
func kindBit(k OpportunityKind) uint16 {
	if k == "" {
		return 1 << len(OpportunityKinds)
	}
	if i := slices.Index(OpportunityKinds, k); i >= 0 {
		return 1 << i
	}
	return 0
}

// verdicts remembers how the rules of the dimensions were decided for a query.
type verdicts struct {
	lists *[dimensions][][]string
	// known has for each list the number of the query, then a bit for "holds".
	known [dimensions][]uint32
	query uint32
	kinds uint16 // wanted; 0 is all
}

func newVerdicts(s *segment) verdicts {
	v := verdicts{lists: &s.lists}
	for d := range v.known {
		v.known[d] = make([]uint32, len(s.lists[d]))
	}
	return v
}

// begin forgets what was decided for the query before.
func (v *verdicts) begin(q *Query) {
	if v.query++; v.query >= 1<<31 {
		for d := range v.known {
			clear(v.known[d])
		}
		v.query = 1
	}
	v.kinds = 0
	for _, k := range q.Kinds {
		v.kinds |= kindBit(k)
	}
	if len(q.Kinds) > 0 && v.kinds == 0 {
		v.kinds = 1 << 15 // of kinds that don't exist
	}
}

func (v *verdicts) holds(d dimension, list uint32, q *Query) bool {
	if list == 0 {
		return true
	}
	if known := v.known[d][list]; known>>1 == v.query {
		return known&1 == 1
	}
	holds := d.holds(v.lists[d][list], q)
	v.known[d][list] = v.query << 1
	if holds {
		v.known[d][list] |= 1
	}
	return holds
}

// eligible decides all rules and wishes for a document, as pair.eligible and
// wanted do for an opportunity.
func (r *Ranker) eligible(doc uint32, q *Query) bool {
	if p := r.x.overlay.patch(doc); p != nil {
		return p.opportunity != nil && r.admitted(q, p.opportunity, p.partner)
	}
	a := &r.x.base.attributes[doc]
	if !a.published || !a.seats || (a.opens != 0 && q.AsOf < a.opens) || (a.closes != 0 && q.AsOf > a.closes) {
		return false
	}
	if r.verdicts.kinds != 0 && a.kind&r.verdicts.kinds == 0 {
		return false
	}
	for d, list := range a.lists {
		if dimension(d) == byRegion && a.remote {
			continue
		}
		if !r.verdicts.holds(dimension(d), list, q) {
			return false
		}
	}
	if a.minAge >= 0 && (q.Student.Age == nil || *q.Student.Age < a.minAge) {
		return false
	}
	return r.eligiblePartner(a.partner, q) && r.eligibleByID(doc, a, q)
}

// admitted decides the same for an opportunity as it is now.
func (r *Ranker) admitted(q *Query, o *Opportunity, partner int32) bool {
	r.pair = newPair(q, o, r.x.partners.at(partner))
	return wanted(q, &r.pair) && r.pair.eligible()
}

// partnerOf is the partner of a document of the segment.
func (r *Ranker) partnerOf(doc uint32) *Partner {
	if p := r.x.overlay.patch(doc); p != nil {
		return r.x.partners.at(p.partner)
	}
	return r.x.partners.at(r.x.base.attributes[doc].partner)
}

func (r *Ranker) eligiblePartner(number int32, q *Query) bool {
	p := r.x.partners.at(number)
	if p != nil && p.MaxSeats != nil && *p.MaxSeats <= 0 {
		return false
	}
	return len(q.PartnerKinds) == 0 || p != nil && slices.Contains(q.PartnerKinds, p.Kind)
}

// eligibleByID decides what few queries ask for, and needs the opportunity.
func (r *Ranker) eligibleByID(doc uint32, a *attributes, q *Query) bool {
	s := q.Student
	far := s.MaxKm != nil && s.Position != nil && a.placed && !a.remote
	if !far && len(q.Forbidden) == 0 && len(q.Exclude) == 0 {
		return true
	}
	o := r.x.base.opportunities[doc]
	return !q.Forbidden[o.ID] && !q.Exclude[o.ID] && (!far || distance(*s.Position, *o.Position) <= *s.MaxKm)
}
