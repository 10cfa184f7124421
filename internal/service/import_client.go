package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// Content is all of a district: what a folder holds.
type Content struct {
	Catalogue matcher.Catalogue
	Students  []matcher.Student
	Rows      store.Rows
}

// ImportOptions say how to import.
type ImportOptions struct {
	District string
	// Replace closes the opportunities that the content lacks, and removes the
	// rows of the kinds that it has.
	Replace  bool
	NewID    func() string // a new UUID for each request
	Progress func(done, total int64)
}

const (
	// importChunk is how many rows of a catalogue, or students, one message has.
	importChunk = 500
	// importBatch is after how many other rows a request ends, which has all rows
	// of a student.
	importBatch = 2000
)

// Import sends the content to a server: the catalogue all or nothing, then
// students and rows in requests that are each all or nothing. A student's
// preferences replace those that the server has of the student.
func Import(ctx context.Context, conn grpc.ClientConnInterface, c *Content, o ImportOptions) (*kindredv1.ImportCatalogResponse, error) {
	i := &importing{ctx: ctx, o: o, students: kindredv1.NewStudentServiceClient(conn)}
	r := &c.Rows
	i.total = int64(len(c.Catalogue.Tags) + len(c.Catalogue.Partners) + len(c.Catalogue.Opportunities) + len(c.Students) +
		len(r.Preferences) + len(r.Scores) + len(r.Priorities) + len(r.Locks) + len(r.Reserves) + len(r.Standing))
	answer, err := i.catalogue(kindredv1.NewCatalogServiceClient(conn), &c.Catalogue)
	if err != nil {
		return nil, fmt.Errorf("import the catalogue: %w", err)
	}
	for chunk := range slices.Chunk(c.Students, importChunk) {
		request := &kindredv1.BatchUpsertStudentsRequest{
			District: o.District, RequestId: o.NewID(), Students: renderAll(chunk, studentProto),
		}
		if _, err := i.students.BatchUpsertStudents(ctx, request); err != nil {
			return nil, fmt.Errorf("import the students: %w", err)
		}
		i.progress(len(chunk))
	}
	for _, send := range []func(*store.Rows) error{
		i.preferences, i.scores, i.priorities, i.locks, i.reserves, i.standing,
	} {
		if err := send(r); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// importing is one import under way.
type importing struct {
	ctx         context.Context
	o           ImportOptions
	students    kindredv1.StudentServiceClient
	done, total int64
}

func (i *importing) progress(n int) {
	i.done += int64(n)
	i.o.Progress(i.done, i.total)
}

func (i *importing) catalogue(client kindredv1.CatalogServiceClient, c *matcher.Catalogue) (*kindredv1.ImportCatalogResponse, error) {
	stream, err := client.ImportCatalog(i.ctx)
	if err != nil {
		return nil, err
	}
	header := &kindredv1.ImportCatalogHeader{District: i.o.District, RequestId: i.o.NewID(), Replace: i.o.Replace}
	err = stream.Send(&kindredv1.ImportCatalogRequest{Part: &kindredv1.ImportCatalogRequest_Header{Header: header}})
	send := func(rows *kindredv1.ImportCatalogRows) {
		if err == nil {
			err = stream.Send(&kindredv1.ImportCatalogRequest{Part: &kindredv1.ImportCatalogRequest_Rows{Rows: rows}})
			i.progress(len(rows.GetTags()) + len(rows.GetPartners()) + len(rows.GetOpportunities()))
		}
	}
	for chunk := range slices.Chunk(c.Tags, importChunk) {
		send(&kindredv1.ImportCatalogRows{Tags: renderAll(chunk, tagProto)})
	}
	for chunk := range slices.Chunk(c.Partners, importChunk) {
		send(&kindredv1.ImportCatalogRows{Partners: renderAll(chunk, partnerProto)})
	}
	for chunk := range slices.Chunk(c.Opportunities, importChunk) {
		send(&kindredv1.ImportCatalogRows{Opportunities: renderAll(chunk, opportunityProto)})
	}
	// A failed Send says only that the answer has come, which has the reason.
	return stream.CloseAndRecv()
}

func renderAll[T, P any](rows []T, proto func(*T, store.Revision) P) []P {
	out := make([]P, len(rows))
	for i := range rows {
		out[i] = proto(&rows[i], 0)
	}
	return out
}

// sendRows writes all rows of a kind. The rows of one owner, if they have one,
// go together in one request.
func sendRows[P, T any](i *importing, kind rowsOf[P, T], all *store.Rows, owner func(*T) string,
	write func(clear []*kindredv1.RowScope, rows []P) error,
) error {
	rows := slices.Clone(*kind.in(all))
	slices.SortStableFunc(rows, func(a, b T) int { return strings.Compare(owner(&a), owner(&b)) })
	first := true
	for len(rows) > 0 {
		n := min(importBatch, len(rows))
		for n < len(rows) && owner(&rows[n]) != "" && owner(&rows[n]) == owner(&rows[n-1]) {
			n++
		}
		var scopes []*kindredv1.RowScope
		if i.o.Replace && first {
			scopes = []*kindredv1.RowScope{{}}
		} else {
			scopes = owners(rows[:n], owner)
		}
		out := make([]P, n)
		for j := range out {
			out[j] = kind.render(&rows[j])
		}
		if err := write(scopes, out); err != nil {
			return fmt.Errorf("import %s: %w", kind.kind, err)
		}
		i.progress(n)
		rows, first = rows[n:], false
	}
	return nil
}

// owners are the scopes of the students whose rows are written anew.
func owners[T any](rows []T, owner func(*T) string) []*kindredv1.RowScope {
	var scopes []*kindredv1.RowScope
	last := ""
	for j := range rows {
		if id := owner(&rows[j]); id != last {
			scopes, last = append(scopes, &kindredv1.RowScope{Student: id}), id
		}
	}
	return scopes
}

func nobody[T any](*T) string { return "" }

func (i *importing) preferences(r *store.Rows) error {
	owner := func(p *place.Preference) string { return p.Student }
	return sendRows(i, preferenceRows, r, owner, func(clear []*kindredv1.RowScope, rows []*kindredv1.Preference) error {
		_, err := i.students.WritePreferences(i.ctx, &kindredv1.WritePreferencesRequest{
			District: i.o.District, RequestId: i.o.NewID(), Clear: clear, Upsert: rows,
		})
		return err
	})
}

func (i *importing) scores(r *store.Rows) error {
	return sendRows(i, scoreRows, r, nobody, func(clear []*kindredv1.RowScope, rows []*kindredv1.Score) error {
		_, err := i.students.WriteScores(i.ctx, &kindredv1.WriteScoresRequest{
			District: i.o.District, RequestId: i.o.NewID(), Clear: clear, Upsert: rows,
		})
		return err
	})
}

func (i *importing) priorities(r *store.Rows) error {
	return sendRows(i, priorityRows, r, nobody, func(clear []*kindredv1.RowScope, rows []*kindredv1.Priority) error {
		_, err := i.students.WritePriorities(i.ctx, &kindredv1.WritePrioritiesRequest{
			District: i.o.District, RequestId: i.o.NewID(), Clear: clear, Upsert: rows,
		})
		return err
	})
}

func (i *importing) locks(r *store.Rows) error {
	return sendRows(i, lockRows, r, nobody, func(clear []*kindredv1.RowScope, rows []*kindredv1.Lock) error {
		_, err := i.students.WriteLocks(i.ctx, &kindredv1.WriteLocksRequest{
			District: i.o.District, RequestId: i.o.NewID(), Clear: clear, Upsert: rows,
		})
		return err
	})
}

func (i *importing) reserves(r *store.Rows) error {
	return sendRows(i, reserveRows, r, nobody, func(clear []*kindredv1.RowScope, rows []*kindredv1.Reserve) error {
		_, err := i.students.WriteReserves(i.ctx, &kindredv1.WriteReservesRequest{
			District: i.o.District, RequestId: i.o.NewID(), Clear: clear, Upsert: rows,
		})
		return err
	})
}

func (i *importing) standing(r *store.Rows) error {
	return sendRows(i, standingRows, r, nobody, func(clear []*kindredv1.RowScope, rows []*kindredv1.StandingPlacement) error {
		_, err := i.students.WriteStandingPlacements(i.ctx, &kindredv1.WriteStandingPlacementsRequest{
			District: i.o.District, RequestId: i.o.NewID(), Clear: clear, Upsert: rows,
		})
		return err
	})
}
