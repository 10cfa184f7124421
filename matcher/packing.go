package matcher

// packing is how many numbers a tag of a record takes: the low half of its TagID,
// the high half if there is one, and its weight.
type packing int

const (
	narrow packing = 2
	wide   packing = 3
)

// packingOf suits a vocabulary of so many tags.
func packingOf(tags int) packing {
	if tags > 1<<16 {
		return wide
	}
	return narrow
}

// unpack is the first tag of a record, with its weight.
func (p packing) unpack(record []uint16) (TagID, uint16) {
	if p == narrow {
		_ = record[1]
		return TagID(record[0]), record[1]
	}
	_ = record[2]
	return TagID(record[0]) | TagID(record[1])<<16, record[2]
}

// pack appends a tag with its weight.
func (p packing) pack(record []uint16, t TagID, weight uint16) []uint16 {
	if p == narrow {
		return append(record, uint16(t), weight)
	}
	return append(record, uint16(t), uint16(t>>16), weight)
}

// repack appends a record that is packed in another way.
func (p packing) repack(dst []uint16, from packing, record []uint16) []uint16 {
	if p == from {
		return append(dst, record...)
	}
	for ; len(record) > 0; record = record[from:] {
		t, weight := from.unpack(record)
		dst = p.pack(dst, t, weight)
	}
	return dst
}

// of are the numbers of the tags from one up to another.
func (p packing) of(records []uint16, first, end uint32) []uint16 {
	return records[uint(p)*uint(first) : uint(p)*uint(end)]
}
