package service

import (
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/kindred-match/kindred/store"
)

// outputOnly are the fields of resources that only answers have.
var outputOnly = []protoreflect.Name{"etag", "seats_taken", "write_time"}

// mask is the fields that an update writes; nil stands for all.
type mask []protoreflect.FieldDescriptor

// maskOf reads the update mask of a resource (AIP-134): fields of the resource
// itself, or "*" alone.
func maskOf(m *fieldmaskpb.FieldMask, row proto.Message, v *violations) mask {
	paths := m.GetPaths()
	if len(paths) == 0 || slices.Equal(paths, []string{"*"}) {
		return nil
	}
	fields := row.ProtoReflect().Descriptor().Fields()
	named := mask{}
	for _, path := range paths {
		fd := fields.ByName(protoreflect.Name(path))
		if fd == nil || slices.Contains(outputOnly, fd.Name()) {
			v.add("update_mask", "each path must name a field of the resource that can be written")
			return nil
		}
		named = append(named, fd)
	}
	return named
}

// apply copies the masked fields of from into to; those that are unset in from
// are unset in to, which gives them their defaults.
func (m mask) apply(to, from proto.Message) {
	t, f := to.ProtoReflect(), from.ProtoReflect()
	for _, fd := range m {
		if f.Has(fd) {
			t.Set(fd, f.Get(fd))
		} else {
			t.Clear(fd)
		}
	}
}

// etagOf renders a revision; what was never written has none.
func etagOf(r store.Revision) string {
	if r == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(r), 10)
}

// revisionOf reads an etag; an empty one is no precondition.
func revisionOf(etag string, v *violations) store.Revision {
	if etag == "" {
		return 0
	}
	n, err := strconv.ParseUint(etag, 10, 64)
	if err != nil || n == 0 || etag != strconv.FormatUint(n, 10) {
		v.add("etag", "must be an etag that the server gave")
		return 0
	}
	return store.Revision(n)
}
