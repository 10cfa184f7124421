package service

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// pageRequest is a request for a page (AIP-158).
type pageRequest interface {
	proto.Message
	GetDistrict() string
	GetPageSize() int32
	GetPageToken() string
}

// pageKey binds a token to the arguments of the request that it was made for.
type pageKey [8]byte

const pageTokenVersion = 1

var errPageToken = errors.New("not a page token")

// token renders the cursor after which the next page begins. An empty
// cursor is the end and has no token.
func (k pageKey) token(cursor string) string {
	if cursor == "" {
		return ""
	}
	b := append([]byte{pageTokenVersion}, k[:]...)
	return base64.RawURLEncoding.EncodeToString(append(b, cursor...))
}

// cursor reads a token; an empty one is the start. It returns errPageToken for
// what isn't a token made with the same key.
func (k pageKey) cursor(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	// The decoder passes over line breaks, which no token has.
	if err != nil || strings.ContainsAny(token, "\r\n") || len(b) < 2+len(k) || b[0] != pageTokenVersion ||
		subtle.ConstantTimeCompare(b[1:1+len(k)], k[:]) == 0 {
		return "", errPageToken
	}
	return string(b[1+len(k):]), nil
}

// pageKeyOf digests everything of a request but the page that it asks for.
func pageKeyOf(req proto.Message) (pageKey, error) {
	d, err := digest(req, "page_size", "page_token")
	return pageKey(d[:len(pageKey{})]), err
}

// digest is of a request's type and content without the given fields. It lets
// go of the fields only while it reads.
func digest(req proto.Message, without ...protoreflect.Name) ([sha256.Size]byte, error) {
	m := req.ProtoReflect()
	for _, name := range without {
		fd := m.Descriptor().Fields().ByName(name)
		value := m.Get(fd)
		m.Clear(fd)
		defer m.Set(fd, value)
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("digest a request: %w", err)
	}
	name := m.Descriptor().FullName()
	h := sha256.New()
	fmt.Fprintf(h, "%d:%s", len(name), name)
	h.Write(body)
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// page is where a page begins and how much it holds.
type page struct {
	key    pageKey
	cursor string
	limit  int
}

func pageOf(req pageRequest) (page, error) {
	key, err := pageKeyOf(req)
	if err != nil {
		return page{}, err
	}
	size := int(req.GetPageSize())
	switch {
	case size < 0:
		return page{}, invalid("page_size", "must not be negative")
	case size == 0:
		size = DefaultPageSize
	}
	cursor, err := key.cursor(req.GetPageToken())
	if err != nil {
		return page{}, wrongPageToken()
	}
	return page{key, cursor, min(size, MaxPageSize)}, nil
}

func wrongPageToken() error {
	return &failure{
		reason: reasonPageToken,
		fields: []violation{{"page_token", "must be the next_page_token of a request with the same arguments"}},
	}
}

// listByID gives a page of what a district keeps in the order of ids, and the
// token of the next one. fetch gives at most limit records after an id.
func listByID[T any, P proto.Message](
	ctx context.Context, s *Service, req pageRequest,
	fetch func(ctx context.Context, district, after string, limit int) ([]T, error),
	id func(*T) string, render func(*T) P,
) ([]P, string, error) {
	p, err := pageOf(req)
	if err != nil {
		return nil, "", err
	}
	records, err := fetch(ctx, req.GetDistrict(), p.cursor, p.limit+1)
	if err != nil {
		return nil, "", missing(err, reasonNoDistrict)
	}
	if len(records) == 0 {
		return nil, "", s.known(ctx, req.GetDistrict())
	}
	items, bytes := make([]P, 0, min(len(records), p.limit)), 0
	for i := range records {
		if len(items) == p.limit || bytes >= maxPageBytes {
			return items, p.key.token(id(&records[i-1])), nil
		}
		item := render(&records[i])
		bytes += proto.Size(item)
		items = append(items, item)
	}
	return items, "", nil
}
