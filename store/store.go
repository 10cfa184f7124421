// Package store is the contract of what Kindred keeps: the catalogue of each
// district with its change log, its students, and the ledger of seats.
//
// Every call names its district and sees nothing of another one. Slices and
// pointers that are handed over belong to the receiver afterwards. All errors
// wrap one of the sentinels of this package or the context's error, or are
// failures of the machine. An error never holds anything of a student.
//
// A context that ends while a write waits or is carried out undoes it; one that
// ends later does not. Functions that a write is given (Respond, Refresh) run
// inside the transaction, perhaps more than once, and may not call the store.
package store

import (
	"context"
	"slices"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Store is all that the service needs.
type Store interface {
	Catalogue
	Students
	Seats
	Placements
	Runs

	// Identity is random and made with the store, so that what was derived
	// from another store (a restored backup, say) is never taken for its own.
	Identity() string
	// Close waits for the write that is being carried out. Calls that come
	// later, or are still waiting, get ErrClosed.
	Close() error
}

// Epoch is the number of the last change of a district's catalogue that a
// state includes. The first change has epoch 1.
type Epoch uint64

// Revision is the epoch (of a catalogue's resource) or the sequence number (of
// a student) of the last write. It is the resource's etag.
type Revision uint64

// Request makes a write harmless to retry. With an empty ID it does nothing.
type Request struct {
	ID     string   // a UUID, remembered for 24 hours from Now
	Digest [32]byte // of the method and the body, without the ID
	Now    time.Time
	// Respond renders the answer that a retry gets; it runs inside the
	// transaction. It may be nil. When a student is erased, so are the answers
	// of the writes that named it; the answer to DeleteStudent must not name
	// it. A retry is then still harmless, but its Response is empty.
	Respond func(Receipt) ([]byte, error)
}

// Receipt is what a write did.
type Receipt struct {
	Epoch     Epoch      // of the catalogue after it
	Sequence  uint64     // of the students after it
	Revisions []Revision // by mutation; of a deleted resource 0
	// Replayed: the request had been carried out before, nothing was done now,
	// and the rest is what the receipt said then.
	Replayed bool
	Response []byte // what Respond gave; empty without a request id
}

// Catalogue keeps tags, partners, opportunities and settings of districts. A
// district exists from its first write on.
type Catalogue interface {
	// Districts lists the ids of all districts, in byte order.
	Districts(ctx context.Context) ([]string, error)

	// State returns the whole catalogue at its newest epoch, read in one
	// transaction; everything in byte order of ids. Its records may share lists,
	// which must not be changed. ErrNotFound: no such district.
	State(ctx context.Context, district string) (*State, error)

	// Head returns the newest epoch and the settings without the rest of the
	// catalogue. ErrNotFound: no such district.
	Head(ctx context.Context, district string) (*Head, error)

	// Delta returns, read in one transaction, all that changed after the given
	// epoch, as it is at Delta.To. ErrNotFound: no such district.
	// ErrEpoch: after was never issued. ErrTruncated: the log no longer
	// reaches back that far; read the State.
	Delta(ctx context.Context, district string, after Epoch) (*Delta, error)

	// Changes returns the log after the given epoch, oldest first, at most
	// limit entries. Errors as Delta.
	Changes(ctx context.Context, district string, after Epoch, limit int) ([]Change, error)

	// Wait returns when the newest epoch is beyond after, or with the
	// context's error. It may return early; look again. A district that does
	// not exist has epoch 0.
	Wait(ctx context.Context, district string, after Epoch) error

	// Write carries out a batch, all of it or nothing. The rules hold for what
	// it leaves: the order of its mutations means nothing, a resource may occur
	// once. Each resource that it changes gets the next epoch; a put that
	// changes nothing leaves the resource, its revision and the epoch alone.
	// Seats may be lowered below what is taken (so may a partner's cap): none is
	// taken away, and none can be reserved until enough are free again. With an
	// opportunity go its rows (preferences, scores, ...).
	//   *Violation (ErrInvalid): a mutation breaks a rule, by its place;
	//   ErrNotFound: something to be deleted isn't there;
	//   ErrConflict: an IfRevision doesn't hold;
	//   ErrInUse: what is to be deleted is referred to (a parent tag, a
	//   partner with opportunities, an opportunity with seats taken);
	//   ErrRequestReused: the request's id came with another digest.
	Write(ctx context.Context, district string, req Request, w Write) (Receipt, error)

	// Tag, Partner and Opportunity return one resource or ErrNotFound.
	Tag(ctx context.Context, district, id string) (*TagRecord, error)
	Partner(ctx context.Context, district, id string) (*PartnerRecord, error)
	Opportunity(ctx context.Context, district, id string) (*OpportunityRecord, error)

	// Tags, Partners and Opportunities return what follows the id after, in
	// byte order of ids, at most limit.
	Tags(ctx context.Context, district, after string, limit int) ([]TagRecord, error)
	Partners(ctx context.Context, district, after string, limit int) ([]PartnerRecord, error)
	Opportunities(ctx context.Context, district, after string, limit int) ([]OpportunityRecord, error)
}

// TagRecord is a tag as kept.
type TagRecord struct {
	matcher.Tag
	Revision Revision
}

// PartnerRecord is a partner as kept. Taken counts the seats of all its
// opportunities that are reserved or placed, as OpportunityRecord says.
type PartnerRecord struct {
	matcher.Partner
	Revision Revision
	Taken    int32
}

// OpportunityRecord is an opportunity as kept. Number is its 32-bit number in
// the district, from 1 and never used again: deleted and made anew, it has
// another one. Taken counts the seats that are reserved or placed as the log
// says: a reservation that has expired counts until that is logged. Taken may
// exceed Seats once these were lowered. Revision is the epoch of the last write
// of its own fields; seats that are taken don't change it.
type OpportunityRecord struct {
	matcher.Opportunity
	Revision Revision
	Number   uint32
	Taken    int32
}

// Settings of a district.
type Settings struct {
	AncestorDecay matcher.Weight // 0 to 10,000; 0 is no hierarchy
	IDF           bool
	Measures      []matcher.Measure // offered; the first is the default
	TimeZone      string            // IANA name; the as-of date is today there
	RetentionDays int32             // of students not written for so long; 0 is without end
	Revision      Revision
}

// DefaultSettings are those of a district whose settings nobody has written.
func DefaultSettings() Settings {
	return Settings{
		AncestorDecay: matcher.DefaultDecay,
		Measures:      slices.Clone(matcher.Measures),
		TimeZone:      "UTC",
	}
}

// Head is a catalogue at its newest epoch without tags, partners and
// opportunities.
type Head struct {
	Epoch             Epoch
	Settings          Settings
	StatisticsVersion uint64 // 0 before the first
}

// State is a whole catalogue at an epoch.
type State struct {
	Epoch             Epoch
	Settings          Settings
	Statistics        matcher.Statistics
	StatisticsVersion uint64 // 0 before the first
	Tags              []TagRecord
	Partners          []PartnerRecord
	Opportunities     []OpportunityRecord
}

// Delta is what changed between two epochs, as it is at the later one.
type Delta struct {
	From, To Epoch
	// Rebuild: tags, settings or statistics changed, which moves many scores;
	// read the State instead. The rest is then empty.
	Rebuild              bool
	Partners             []PartnerRecord     // written, or with other seats taken
	RemovedPartners      []string            // ids
	Opportunities        []OpportunityRecord // written, or with other seats taken
	RemovedOpportunities []string            // ids, perhaps of some that came and went in between
}

// Kind says what a change concerns.
type Kind string

// The kinds of changes.
const (
	KindTag         Kind = "tag"
	KindPartner     Kind = "partner"
	KindOpportunity Kind = "opportunity"
	KindSeats       Kind = "seats" // of the opportunity: reserved, released, expired, placed
	KindSettings    Kind = "settings"
	KindStatistics  Kind = "statistics"
)

// Change is an entry of the change log: ids and kinds, nothing of students.
type Change struct {
	Epoch   Epoch
	Kind    Kind
	ID      string // of the tag, partner or opportunity; else empty
	Number  uint32 // of the opportunity; else 0
	Deleted bool
}

// Write is a batch of changes to a catalogue.
type Write struct {
	Mutations []Mutation
	// CloseOthers closes each published or draft opportunity that no mutation
	// names.
	CloseOthers bool
	// Settings, when given, replace the district's. Their Revision, unless 0,
	// must be that of the settings in force (ErrConflict).
	Settings *Settings
	// Refresh, when given, computes new statistics out of the state that the
	// rest of the write leaves; it runs inside the transaction. They get a new
	// version if they differ.
	Refresh func(*State) (matcher.Statistics, error)
}

// Mutation puts or deletes one resource: exactly one of its pointers is set,
// or the id of one that is to be deleted.
type Mutation struct {
	PutTag            *matcher.Tag
	PutPartner        *matcher.Partner
	PutOpportunity    *matcher.Opportunity
	DeleteTag         string
	DeletePartner     string
	DeleteOpportunity string
	// IfRevision, unless 0, must be the resource's revision.
	IfRevision Revision
}

// Students keeps students and what is known about them for a placement.
type Students interface {
	// PutStudents writes all or nothing; each student gets the next sequence
	// number. Written is req.Now. Errors as Catalogue.Write.
	PutStudents(ctx context.Context, district string, req Request, puts []StudentPut) (Receipt, error)
	// Student returns one student or ErrNotFound.
	Student(ctx context.Context, district, id string) (*StudentRecord, error)
	// Subject returns what a ranking needs of a student, as the last write that
	// was acknowledged before the call left it, or a later one. It is shared with
	// other callers and must not be changed. ErrNotFound.
	Subject(ctx context.Context, district, id string) (*Subject, error)
	// Touched returns the ids of students of the district, each once and in byte order,
	// among them all that acknowledged writes put or erased since the mark,
	// and the mark of now. A mark means something to the store that gave it, as
	// long as it is open; of 0, and of one that is too long ago, it reports false.
	Touched(district string, since Mark) (ids []string, now Mark, known bool)
	// ListStudents returns those after the id, in byte order, at most limit.
	ListStudents(ctx context.Context, district, after string, limit int) ([]StudentRecord, error)
	// DeleteStudent erases a student everywhere: the row, preferences, scores,
	// priorities, locks, standing placement, and the ledger's entries, whose
	// seats become free; withdrawals, and what runs have of it. An unfinished run that
	// has it fails. ErrNotFound, ErrConflict.
	DeleteStudent(ctx context.Context, district string, req Request, id string, ifRevision Revision) (Receipt, error)

	// WriteRows puts and deletes rows, all or nothing; a row is put over the
	// one with the same key (student and opportunity; opportunity and group).
	// Errors as Catalogue.Write; every student and opportunity that is put must
	// exist, and two equal ranks of one student are invalid. A Violation's
	// Index is the place in Put's slice of its kind, its Field KIND.COLUMN. What
	// is to be deleted and isn't there is no error.
	WriteRows(ctx context.Context, district string, req Request, w RowsWrite) (Receipt, error)
	// ListRows returns rows of one kind, in the order of their keys, at most
	// limit after the opaque cursor (empty: from the start), and the cursor to
	// go on with (empty: no more). The cursor holds the last key. The key of a
	// row is student, opportunity; of a reserve opportunity, group name, group
	// value. A *Violation: the cursor is of another list, the kind unknown.
	ListRows(ctx context.Context, district string, kind RowKind, f RowFilter, cursor string, limit int) (Rows, string, error)
}

// Mark is a moment in the writes of students.
type Mark uint64

// StudentPut writes a student.
type StudentPut struct {
	Student    *matcher.Student
	IfRevision Revision
}

// StudentRecord is a student as kept.
type StudentRecord struct {
	matcher.Student
	Revision Revision
	Written  time.Time
}

// RowKind is a kind of rows.
type RowKind string

// The kinds of rows, named as the files of a district folder.
const (
	RowPreferences RowKind = "preferences"
	RowScores      RowKind = "scores"
	RowPriorities  RowKind = "priorities"
	RowLocks       RowKind = "locks"
	RowReserves    RowKind = "reserves"
	RowStanding    RowKind = "placements"
)

// Rows is what a placement starts from beside students and the catalogue.
type Rows struct {
	Preferences []place.Preference
	Scores      []place.Score
	Priorities  []place.Priority
	Locks       []place.Lock
	Reserves    []place.Reserve
	Standing    []place.Standing
}

// RowsWrite is a batch of changes to rows: first Clear, then Delete (by key),
// then Put.
type RowsWrite struct {
	// Clear removes all rows of a kind that the filter fits.
	Clear  []RowScope
	Delete Rows
	Put    Rows
}

// RowScope names rows of a kind.
type RowScope struct {
	Kind   RowKind
	Filter RowFilter
}

// RowFilter narrows rows to a student, an opportunity, or both; an empty one
// fits all.
type RowFilter struct {
	Student, Opportunity string
}

// Seats is the ledger: reservations, which expire, and placements. Nothing
// else knows how many seats are left. Under any concurrency the entries of an
// opportunity never exceed its seats, nor those of a partner its cap (unless
// these were lowered afterwards). A reservation has expired from the instant
// Expires on, whether Expire has run or not. A receipt's Revisions holds the
// entry's; of one that is gone 0.
type Seats interface {
	// Reserve takes a seat until r.Expires. The id is the caller's, a UUID.
	// Where several errors hold, the first of:
	//   *Violation: an id is malformed, or Expires is not after req.Now;
	//   ErrNotFound: no such student or opportunity;
	//   ErrConflict: a live entry has the id and says something else;
	//   ErrAlreadyHeld: the student holds a live entry for the opportunity;
	//   ErrNotOffered: the opportunity isn't published;
	//   ErrFull: no seat left there or with its partner.
	Reserve(ctx context.Context, district string, req Request, r Reservation) (Receipt, error)
	// Confirm turns a reservation into a placement under the same id.
	//   ErrNotFound: no such reservation, or it has expired at req.Now;
	//   ErrAlreadyPlaced: the student has a placement.
	// Confirming a placement again changes nothing.
	Confirm(ctx context.Context, district string, req Request, id string) (Receipt, error)
	// Release gives the seat of a reservation back. ErrNotFound: no such
	// reservation, or it has expired. ErrAlreadyPlaced: it is a placement.
	Release(ctx context.Context, district string, req Request, id string) (Receipt, error)
	// Entry returns an entry of the ledger, expired ones not.
	Entry(ctx context.Context, district, id string, now time.Time) (*Entry, error)
	// Expire frees the seats of reservations that have expired at now, in all
	// districts, each with a logged change. It returns how many, and when the
	// next one will expire (zero: none).
	Expire(ctx context.Context, now time.Time) (n int, next time.Time, err error)
}

// Reservation is a seat that is kept for a student for a while.
type Reservation struct {
	ID                   string
	Student, Opportunity string
	Expires              time.Time
}

// Entry is an entry of the ledger: a reservation, or once it is placed a
// placement, whose Expires is zero.
type Entry struct {
	Reservation
	Placed   bool
	Revision Revision // the epoch of its last change
}
