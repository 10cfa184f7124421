#include "textflag.h"
#include "ref_amd64.h"

DATA zeros<>+0(SB)/8, $0
DATA zeros<>+8(SB)/8, $0
GLOBL zeros<>(SB), RODATA|NOPTR, $16

// Where the postings of the list at R9 are, how many there are, and where its
// table is; R9 goes on to the next list.
#define NEXT_LIST \
	MOVL REF_AT(R9), SI      \
	LEAQ (R11)(SI*2), SI     \
	MOVWLZX REF_COUNT(R9), CX \
	MOVWLZX REF_TABLE(R9), R8 \
	SHLL $4, R8              \ // the size of a table
	ADDQ R12, R8             \
	ADDQ $REF_SIZE, R9

// The sum of the document AX goes up by BX, and to 255 where that carries.
#define ADD_UP \
	ADDB (DI)(AX*1), BX      \
	SBBL DX, DX              \
	ORL DX, BX               \
	MOVB BX, (DI)(AX*1)

// One posting: its offset in AX, its level in BX; the sum goes up by what the
// table at R8 has for the level.
#define ADD_POSTING(at) \
	MOVWLZX at(SI), AX       \
	MOVL AX, BX              \
	SHRL $4, AX              \
	ANDL $15, BX             \
	MOVBLZX (R8)(BX*1), BX   \
	ADD_UP

// The next one, which adds nothing if there aren't that many.
#define ADD_POSTING_OF(n, at) \
	CMPL CX, $n              \
	CMOVQLT R13, R8          \
	ADD_POSTING(at)

// func scatterLists(sums *Sums, postings *Posting, tables *Table, lists *Ref, n int)
//
// Four postings at a time. Lists are short and their lengths hard to foresee:
// what the last four lack is read beyond the list, and adds nothing, which is
// faster than a wrong guess.
TEXT ·scatterLists(SB), NOSPLIT, $0-40
	MOVQ sums+0(FP), DI
	MOVQ postings+8(FP), R11
	MOVQ tables+16(FP), R12
	MOVQ lists+24(FP), R9
	MOVQ n+32(FP), R10
	LEAQ zeros<>(SB), R13
	TESTQ R10, R10
	JEQ scattered

scatterList:
	NEXT_LIST
	CMPL CX, $4
	JLE lastPostings

fourPostings:
	ADD_POSTING(0)
	ADD_POSTING(2)
	ADD_POSTING(4)
	ADD_POSTING(6)
	ADDQ $8, SI
	SUBL $4, CX
	CMPL CX, $4
	JGT fourPostings

lastPostings:
	ADD_POSTING(0)
	ADD_POSTING_OF(2, 2)
	ADD_POSTING_OF(3, 4)
	ADD_POSTING_OF(4, 6)
	DECQ R10
	JNE scatterList

scattered:
	RET

// ADD_POSTING, which adds nothing outside of the sections in R14.
#define ADD_POSTING_HERE(at) \
	MOVWLZX at(SI), AX       \
	MOVL AX, BX              \
	MOVL AX, DX              \
	SHRL $12, DX             \
	MOVQ R13, R15            \
	BTL DX, R14              \
	CMOVQCS R8, R15          \
	SHRL $4, AX              \
	ANDL $15, BX             \
	MOVBLZX (R15)(BX*1), BX  \
	ADD_UP

#define ADD_POSTING_HERE_OF(n, at) \
	CMPL CX, $n              \
	CMOVQLT R13, R8          \
	ADD_POSTING_HERE(at)

// func scatterSections(sums *Sums, postings *Posting, tables *Table, lists *Ref, n int, sections uint16)
TEXT ·scatterSections(SB), NOSPLIT, $0-42
	MOVQ sums+0(FP), DI
	MOVQ postings+8(FP), R11
	MOVQ tables+16(FP), R12
	MOVQ lists+24(FP), R9
	MOVQ n+32(FP), R10
	MOVWLZX sections+40(FP), R14
	LEAQ zeros<>(SB), R13
	TESTQ R10, R10
	JEQ scatteredHere

scatterListHere:
	NEXT_LIST
	CMPL CX, $4
	JLE lastHere

fourHere:
	ADD_POSTING_HERE(0)
	ADD_POSTING_HERE(2)
	ADD_POSTING_HERE(4)
	ADD_POSTING_HERE(6)
	ADDQ $8, SI
	SUBL $4, CX
	CMPL CX, $4
	JGT fourHere

lastHere:
	ADD_POSTING_HERE(0)
	ADD_POSTING_HERE_OF(2, 2)
	ADD_POSTING_HERE_OF(3, 4)
	ADD_POSTING_HERE_OF(4, 6)
	DECQ R10
	JNE scatterListHere

scatteredHere:
	RET

// Of what is to be added there are the offsets of the documents on the stack,
// then, PARTS further on, what is added to each.
#define PARTS 512
#define FULL 192

// func scatterCompress(sums *Sums, postings *Posting, tables *Table, lists *Ref, n int, sections uint16)
//
// 32 postings at a time: those in the sections are packed together, as offsets
// and as what the table has for their levels. They are added one by one, when
// there are no more lists or no more room: a loop over each list would end where
// it is hard to foresee.
TEXT ·scatterCompress(SB), 0, $1024-42
	MOVQ sums+0(FP), DI
	MOVQ postings+8(FP), R11
	MOVQ tables+16(FP), R12
	MOVQ lists+24(FP), R9
	MOVQ n+32(FP), R10
	MOVWLZX sections+40(FP), AX
	VPBROADCASTW AX, Z10
	MOVL $1, AX
	VPBROADCASTW AX, Z11
	MOVL $15, AX
	VPBROADCASTW AX, Z12
	LEAQ 0(SP), R14
	XORL DX, DX              // how many wait to be added
	TESTQ R10, R10
	JEQ packed

packList:
	NEXT_LIST
	VBROADCASTI32X4 (R8), Z4

pack:
	MOVL $32, BX
	CMPL CX, BX
	CMOVLLT CX, BX
	MOVL $-1, AX
	BZHIL BX, AX, AX
	KMOVD AX, K1             // those of the list
	VMOVDQU16 (SI), Z0
	VPSRLW $12, Z0, Z1       // sections
	VPSLLVW Z1, Z11, Z1
	VPTESTMW Z10, Z1, K1, K2
	VPSRLW $4, Z0, Z2        // offsets
	VPANDQ Z12, Z0, Z3       // levels
	VPSHUFB Z3, Z4, Z3       // level 0, of the high bytes, adds nothing
	VPCOMPRESSW Z2, K2, Z2
	VPCOMPRESSW Z3, K2, Z3
	VMOVDQU64 Z2, (R14)(DX*2)
	VMOVDQU64 Z3, PARTS(R14)(DX*2)
	KMOVD K2, AX
	POPCNTL AX, AX
	ADDL AX, DX
	ADDQ $64, SI
	SUBL $32, CX
	CMPL DX, $FULL
	JGT packed

packNext:
	CMPL CX, $0
	JGT pack
	DECQ R10
	JNE packList

packed:
	MOVL DX, R8
	TESTL R8, R8
	JEQ added
	XORL R13, R13

addPacked:
	MOVWLZX (R14)(R13*2), AX
	MOVWLZX PARTS(R14)(R13*2), BX
	ADD_UP
	INCL R13
	CMPL R13, R8
	JNE addPacked

added:
	XORL DX, DX
	TESTQ R10, R10
	JNE packNext
	VZEROUPPER
	RET
