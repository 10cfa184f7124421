#include "textflag.h"
#include "column_amd64.h"

DATA bitNumbers<>+0(SB)/8, $0x0706050403020100
DATA bitNumbers<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA bitNumbers<>+16(SB)/8, $0x1716151413121110
DATA bitNumbers<>+24(SB)/8, $0x1f1e1d1c1b1a1918
DATA bitNumbers<>+32(SB)/8, $0x2726252423222120
DATA bitNumbers<>+40(SB)/8, $0x2f2e2d2c2b2a2928
DATA bitNumbers<>+48(SB)/8, $0x3736353433323130
DATA bitNumbers<>+56(SB)/8, $0x3f3e3d3c3b3a3938
GLOBL bitNumbers<>(SB), RODATA|NOPTR, $64

// 16 documents, whose numbers of bits are in part, a quarter of Z4, are written.
#define WRITE_DOCS(part, at) \
	VPMOVZXBD part, Z5       \
	VPADDD Z11, Z5, Z5       \
	VMOVDQU32 Z5, at(DI)

// The documents of a block whose bits are in k are written at DI; few blocks have
// more than 16. The first document of the block is in Z11, which goes on to the next
// block. AX is how many they are.
#define WRITE_MEMBERS(k) \
	KMOVQ k, AX              \
	POPCNTQ AX, AX           \
	VPCOMPRESSB.Z Z10, k, Z4 \
	WRITE_DOCS(X4, 0)        \
	CMPQ AX, $16             \
	JLE 13(PC)               \
	VEXTRACTI32X4 $1, Z4, X6 \
	WRITE_DOCS(X6, 64)       \
	VEXTRACTI32X4 $2, Z4, X6 \
	WRITE_DOCS(X6, 128)      \
	VEXTRACTI32X4 $3, Z4, X6 \
	WRITE_DOCS(X6, 192)      \
	LEAQ (DI)(AX*4), DI      \
	VPADDD Z12, Z11, Z11

// Their sums, of those in z, are written at R14.
#define WRITE_SUMS(k, z) \
	VPCOMPRESSB.Z z, k, Z6   \
	VMOVDQU64 Z6, (R14)      \
	ADDQ AX, R14

// What the levels of 128 documents contribute is added to their sums. The levels are
// 64 bytes at an offset from R10 plus BX; Z4 has the table, four times. Of each byte
// VPERMB looks at six bits, of which two make no difference. The sums in low are of
// documents 0 to 31 and 64 to 95, those in high of the others.
#define ADD_LEVELS(offset, low, high) \
	VMOVDQU64 offset(R10)(BX*1), Z2 \
	VPSRLW $4, Z2, Z3        \
	VPERMB Z4, Z2, Z2        \
	VPERMB Z4, Z3, Z3        \
	VPADDUSB Z2, low, low    \
	VPADDUSB Z3, high, high

// The sums of 128 documents at an offset from DX, taken apart for that, and put
// together again.
#define LOAD_SUMS(offset, ylow, zlow, yhigh, zhigh) \
	VMOVDQU offset(DX), ylow \
	VMOVDQU (offset+32)(DX), yhigh \
	VINSERTI64X4 $1, (offset+64)(DX), zlow, zlow \
	VINSERTI64X4 $1, (offset+96)(DX), zhigh, zhigh

#define JOIN_SUMS(offset, zlow, yhigh, zhigh, first, second) \
	VINSERTI64X4 $1, yhigh, zlow, first \
	VSHUFI64X2 $0xee, zhigh, zlow, second \
	VMOVDQU64 first, offset(DX) \
	VMOVDQU64 second, (offset+64)(DX)

// The documents of a block at an offset from R11, of the sums in z.
#define PICK_BLOCK(offset, z) \
	KMOVQ offset(R11), K1    \
	VPCMPUB $5, Z15, z, K1, K1 \ // not less
	WRITE_MEMBERS(K1)        \
	WRITE_SUMS(K1, z)

// func pickAVX512(docs *uint32, picked *uint8, sums *Sums, columns *Column, n int, allowed *Mask, threshold uint8, first uint32, sections int) int
//
// Section by section: the columns are added to the sums; the documents that pass are
// packed together.
TEXT ·pickAVX512(SB), NOSPLIT, $0-72
	MOVQ docs+0(FP), DI
	MOVQ picked+8(FP), R14
	MOVQ sums+16(FP), DX
	MOVQ columns+24(FP), SI
	MOVQ n+32(FP), R9
	MOVQ allowed+40(FP), R11
	MOVBLZX threshold+48(FP), AX
	VPBROADCASTB AX, Z15
	MOVL first+52(FP), AX
	VPBROADCASTD AX, Z11
	MOVQ sections+56(FP), R12
	MOVL $64, AX
	VPBROADCASTD AX, Z12
	VMOVDQU64 bitNumbers<>(SB), Z10
	MOVQ R14, R13            // where it began
	IMULQ $COLUMN_SIZE, R9
	ADDQ SI, R9              // the end of the columns
	XORQ BX, BX              // offset in a column: 32 bytes a block
	TESTQ R12, R12
	JEQ picked

section:
	MOVQ SI, R8
	CMPQ R8, R9
	JEQ summed
	LOAD_SUMS(0, Y7, Z7, Y8, Z8)
	LOAD_SUMS(128, Y9, Z9, Y13, Z13)

columns:
	MOVQ (R8), R10
	VBROADCASTI32X4 COLUMN_TABLE(R8), Z4
	ADD_LEVELS(0, Z7, Z8)
	ADD_LEVELS(64, Z9, Z13)
	ADDQ $COLUMN_SIZE, R8
	CMPQ R8, R9
	JNE columns
	JOIN_SUMS(0, Z7, Y8, Z8, Z0, Z1)
	JOIN_SUMS(128, Z9, Y13, Z13, Z2, Z3)
	JMP compare

summed:
	VMOVDQU64 (DX), Z0
	VMOVDQU64 64(DX), Z1
	VMOVDQU64 128(DX), Z2
	VMOVDQU64 192(DX), Z3

compare:
	PICK_BLOCK(0, Z0)
	PICK_BLOCK(8, Z1)
	PICK_BLOCK(16, Z2)
	PICK_BLOCK(24, Z3)
	ADDQ $256, DX
	ADDQ $32, R11
	ADDQ $128, BX
	DECQ R12
	JNE section

picked:
	SUBQ R13, R14
	MOVQ R14, ret+64(FP)
	VZEROUPPER
	RET

// func countPickedAVX512(sums *uint8, n int, least uint8) int
TEXT ·countPickedAVX512(SB), NOSPLIT, $0-32
	MOVQ sums+0(FP), SI
	MOVQ n+8(FP), CX
	MOVBLZX least+16(FP), AX
	VPBROADCASTB AX, Z15
	XORL DX, DX

countFull:
	SUBQ $64, CX
	JLT countLast
	VPCMPUB $2, (SI), Z15, K1 // the least is not above it
	KMOVQ K1, AX
	POPCNTQ AX, AX
	ADDQ AX, DX
	ADDQ $64, SI
	JMP countFull

countLast:
	ADDQ $64, CX
	MOVQ $-1, AX
	BZHIQ CX, AX, AX
	KMOVQ AX, K2
	VMOVDQU8.Z (SI), K2, Z0  // reads nothing else
	VPCMPUB $2, Z0, Z15, K2, K1
	KMOVQ K1, AX
	POPCNTQ AX, AX
	ADDQ AX, DX
	MOVQ DX, ret+24(FP)
	VZEROUPPER
	RET

// func countPickedAVX2(sums *uint8, registers int, least uint8) int
TEXT ·countPickedAVX2(SB), NOSPLIT, $0-32
	MOVQ sums+0(FP), SI
	MOVQ registers+8(FP), CX
	VPBROADCASTB least+16(FP), Y15
	XORL DX, DX
	TESTQ CX, CX
	JEQ counted

countRegister:
	VPMAXUB (SI), Y15, Y0    // the sum itself where it is not less
	VPCMPEQB (SI), Y0, Y0
	VPMOVMSKB Y0, AX
	POPCNTL AX, AX
	ADDQ AX, DX
	ADDQ $32, SI
	DECQ CX
	JNE countRegister

counted:
	MOVQ DX, ret+24(FP)
	VZEROUPPER
	RET

// The documents at an offset from SI whose bits are the lowest 16 of K1 are written.
#define SELECT_DOCS(at) \
	VMOVDQU32 at(SI), Z0     \
	VPCOMPRESSD.Z Z0, K1, Z0 \
	VMOVDQU32 Z0, (DI)       \
	KMOVW K1, AX             \
	POPCNTL AX, AX           \
	LEAQ (DI)(AX*4), DI

// func selectPickedAVX512(dst, docs *uint32, sums *uint8, n int, low, high uint8) int
//
// 64 documents at a time. A sum is in the range where it is above low by no more
// than high is.
TEXT ·selectPickedAVX512(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ docs+8(FP), SI
	MOVQ sums+16(FP), R11
	MOVQ n+24(FP), CX
	MOVBLZX low+32(FP), AX
	MOVBLZX high+33(FP), BX
	SUBL AX, BX
	VPBROADCASTB AX, Z14
	VPBROADCASTB BX, Z15
	MOVQ DI, R9

some:
	MOVQ $-1, AX
	CMPQ CX, $64
	JGE full
	BZHIQ CX, AX, AX

full:
	KMOVQ AX, K1
	VMOVDQU8.Z (R11), K1, Z1
	VPSUBB Z14, Z1, Z1
	VPCMPUB $2, Z15, Z1, K1, K1 // not above
	SELECT_DOCS(0)
	KSHIFTRQ $16, K1, K1
	SELECT_DOCS(64)
	KSHIFTRQ $16, K1, K1
	SELECT_DOCS(128)
	KSHIFTRQ $16, K1, K1
	SELECT_DOCS(192)
	ADDQ $256, SI
	ADDQ $64, R11
	SUBQ $64, CX
	JGT some
	SUBQ R9, DI
	SHRQ $2, DI
	MOVQ DI, ret+40(FP)
	VZEROUPPER
	RET

// func membersCompress(dst *uint32, mask *Mask, first uint32) int
//
// Word by word, as pickAVX512 does.
TEXT ·membersCompress(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ mask+8(FP), SI
	MOVL first+16(FP), AX
	VPBROADCASTD AX, Z11
	MOVL $64, CX
	VPBROADCASTD CX, Z12
	VMOVDQU64 bitNumbers<>(SB), Z10
	MOVQ DI, R9

members:
	KMOVQ (SI), K2
	WRITE_MEMBERS(K2)
	ADDQ $8, SI
	DECQ CX
	JNE members
	SUBQ R9, DI
	SHRQ $2, DI
	MOVQ DI, ret+24(FP)
	VZEROUPPER
	RET
