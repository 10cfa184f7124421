package service

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// Numbers of fields of a MatchResponse, and of a Candidate.
const (
	numberCandidates = iota + 1
	numberEpoch
	numberStatisticsVersion
	numberSource
)

const (
	numberOpportunity = iota + 1
	numberRank
	numberScore
	numberUnits
)

// encodeAnswer encodes an answer that was made here, so that it has no unknown
// fields. It reports false for what is left to the generated encoder: what explains
// scores, and ids that it would refuse.
func encodeAnswer(r *kindredv1.MatchResponse) (mem.BufferSlice, bool) {
	size := sizeOfNumber(r.Epoch) + sizeOfNumber(r.StatisticsVersion) + sizeOfNumber(uint64(r.Source))
	for _, c := range r.Candidates {
		if len(c.Tags) > 0 || !utf8.ValidString(c.Opportunity) {
			return nil, false
		}
		size += 1 + protowire.SizeBytes(sizeOfCandidate(c))
	}
	if mem.IsBelowBufferPoolingThreshold(size) {
		return mem.BufferSlice{mem.SliceBuffer(appendAnswer(make([]byte, 0, size), r))}, true
	}
	pool := mem.DefaultBufferPool()
	buffer := pool.Get(size)
	appendAnswer((*buffer)[:0], r)
	return mem.BufferSlice{mem.NewBuffer(buffer, pool)}, true
}

func appendAnswer(b []byte, r *kindredv1.MatchResponse) []byte {
	for _, c := range r.Candidates {
		b = append(b, numberCandidates<<3|kindBytes)
		b = appendCandidate(binary.AppendUvarint(b, uint64(sizeOfCandidate(c))), c)
	}
	b = appendNumber(b, numberEpoch, r.Epoch)
	b = appendNumber(b, numberStatisticsVersion, r.StatisticsVersion)
	return appendNumber(b, numberSource, uint64(r.Source))
}

func sizeOfCandidate(c *kindredv1.Candidate) int {
	size := sizeOfNumber(uint64(c.Rank)) + sizeOfNumber(uint64(c.Units))
	if n := len(c.Opportunity); n > 0 {
		size += 1 + protowire.SizeBytes(n)
	}
	if math.Float64bits(c.Score) != 0 {
		size += 1 + protowire.SizeFixed64()
	}
	return size
}

func appendCandidate(b []byte, c *kindredv1.Candidate) []byte {
	if n := len(c.Opportunity); n > 0 {
		b = append(b, numberOpportunity<<3|kindBytes)
		b = append(binary.AppendUvarint(b, uint64(n)), c.Opportunity...)
	}
	b = appendNumber(b, numberRank, uint64(c.Rank))
	if bits := math.Float64bits(c.Score); bits != 0 {
		b = binary.LittleEndian.AppendUint64(append(b, numberScore<<3|kindFixed64), bits)
	}
	return appendNumber(b, numberUnits, uint64(c.Units))
}

// sizeOfNumber is how many bytes appendNumber appends.
func sizeOfNumber(x uint64) int {
	if x == 0 {
		return 0
	}
	return 1 + protowire.SizeVarint(x)
}

// appendNumber appends a field of an integer; 0 is left out.
func appendNumber(b []byte, number byte, x uint64) []byte {
	if x == 0 {
		return b
	}
	return binary.AppendUvarint(append(b, number<<3|kindVarint), x)
}
