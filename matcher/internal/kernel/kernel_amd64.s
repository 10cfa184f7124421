#include "textflag.h"
#include "column_amd64.h"

#define REF_AT 0
#define REF_COUNT 4
#define REF_MOST 6
#define REF_SIZE 8

DATA zeros<>+0(SB)/8, $0
DATA zeros<>+8(SB)/8, $0
GLOBL zeros<>(SB), RODATA|NOPTR, $16

DATA low<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL low<>(SB), RODATA|NOPTR, $8

// func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL subleaf+4(FP), CX
	CPUID
	MOVL AX, eax+8(FP)
	MOVL BX, ebx+12(FP)
	MOVL CX, ecx+16(FP)
	MOVL DX, edx+20(FP)
	RET

// func xgetbv() (eax, edx uint32)
TEXT ·xgetbv(SB), NOSPLIT, $0-8
	XORL CX, CX
	XGETBV
	MOVL AX, eax+0(FP)
	MOVL DX, edx+4(FP)
	RET

// func prefetch(p unsafe.Pointer, lines int)
TEXT ·prefetch(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ lines+8(FP), CX

line:
	PREFETCHT0 (AX)
	ADDQ $64, AX
	DECQ CX
	JGT line
	RET

// func prefetchLists(postings *Posting, lists *Ref, n int)
TEXT ·prefetchLists(SB), NOSPLIT, $0-24
	MOVQ postings+0(FP), SI
	MOVQ lists+8(FP), AX
	MOVQ n+16(FP), CX
	TESTQ CX, CX
	JEQ prefetched

prefetchList:
	MOVL REF_AT(AX), BX
	LEAQ (SI)(BX*2), BX
	MOVWLZX REF_COUNT(AX), DX
	ADDQ $REF_SIZE, AX

prefetchPostings:
	PREFETCHT0 (BX)
	ADDQ $64, BX
	SUBL $32, DX             // postings of two bytes in a line
	JGT prefetchPostings
	DECQ CX
	JNE prefetchList

prefetched:
	RET

// One posting: its offset in AX, its level in BX; the sum goes up by what the
// table at R8 has for the level, and to 255 where that carries.
#define ADD_POSTING(at) \
	MOVWLZX at(SI), AX       \
	MOVL AX, BX              \
	SHRL $4, AX              \
	ANDL $15, BX             \
	MOVBLZX (R8)(BX*1), BX   \
	ADDB (DI)(AX*1), BX      \
	SBBL DX, DX              \
	ORL DX, BX               \
	MOVB BX, (DI)(AX*1)

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
	MOVL REF_AT(R9), SI
	LEAQ (R11)(SI*2), SI
	MOVWLZX REF_COUNT(R9), CX
	MOVWLZX REF_MOST(R9), R8
	ANDL $~15, R8 // the table's number times its size
	ADDQ R12, R8
	ADDQ $REF_SIZE, R9
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

DATA near<>+0(SB)/8, $1e-9
GLOBL near<>(SB), RODATA|NOPTR, $8
DATA top<>+0(SB)/8, $255.0
GLOBL top<>(SB), RODATA|NOPTR, $8
DATA magnitude<>+0(SB)/8, $0x7fffffffffffffff
GLOBL magnitude<>(SB), RODATA|NOPTR, $8

// Eight values in a: rounded up in b as 32-bit numbers (half is the register's
// lower half); a bit of K1 for those that are near to an integer and not 0.
#define ROUND_UP(a, b, half) \
	VRNDSCALEPD $8, a, Z6    \ // to the nearest
	VSUBPD Z6, a, Z6         \
	VPANDQ Z12, Z6, Z6       \
	VCMPPD $1, Z14, Z6, K2   \ // less than near
	VCMPPD $4, Z13, a, K2, K2 \ // not equal to 0
	VCMPPD $1, Z15, a, K2, K2 \ // less than 255
	KORW K2, K1, K1          \
	VRNDSCALEPD $10, a, b    \ // up
	VMINPD Z15, b, b         \
	VCVTTPD2UDQ b, half

// func roundUpAVX512(table *Table, values *[16]float64, factor float64) bool
TEXT ·roundUpAVX512(SB), NOSPLIT, $0-25
	MOVQ table+0(FP), DI
	MOVQ values+8(FP), SI
	VBROADCASTSD factor+16(FP), Z11
	VPBROADCASTQ magnitude<>(SB), Z12
	VPXORQ Z13, Z13, Z13
	VBROADCASTSD near<>(SB), Z14
	VBROADCASTSD top<>(SB), Z15
	KXORW K1, K1, K1
	VMULPD (SI), Z11, Z0
	VMULPD 64(SI), Z11, Z1
	ROUND_UP(Z0, Z2, Y2)
	ROUND_UP(Z1, Z3, Y3)
	VINSERTI64X4 $1, Y3, Z2, Z2
	VPMOVDB Z2, X2
	VMOVDQU X2, (DI)
	KMOVW K1, AX
	TESTL AX, AX
	SETEQ ret+24(FP)
	VZEROUPPER
	RET

// func collectAVX512(sums *Sums, columns *Column, n int, threshold, keep uint8, mask *Mask) (words uint64)
//
// Block by block of 64 documents: the sums, plus each column's 32 bytes, whose
// low halves are documents 0 to 31 and high halves documents 32 to 63, looked
// up in the column's table; compare, write the mask, leave the sums & keep. Two blocks
// at a time, so that a table is loaded once for both.
TEXT ·collectAVX512(SB), NOSPLIT, $0-48
	MOVQ sums+0(FP), DI
	MOVQ columns+8(FP), SI
	MOVQ n+16(FP), R9
	MOVBLZX threshold+24(FP), AX
	MOVQ mask+32(FP), DX
	VPBROADCASTB AX, Z15
	VPBROADCASTQ low<>(SB), Z14
	MOVBLZX keep+25(FP), AX
	VPBROADCASTB AX, Z13
	MOVL $0xffff0000, AX     // the words of documents 32 to 63
	KMOVD AX, K1
	IMULQ $COLUMN_SIZE, R9
	ADDQ SI, R9              // the end of the columns
	XORQ BX, BX              // offset in a column: 32 bytes a block

blocks512:
	VMOVDQU64 (DI), Z0
	VMOVDQU64 64(DI), Z1
	MOVQ SI, R8
	CMPQ R8, R9
	JEQ compare512

columns512:
	ADD_COLUMN
	CMPQ R8, R9
	JNE columns512

compare512:
	VPCMPUB $5, Z15, Z0, K2  // not less
	VPCMPUB $5, Z15, Z1, K3
	KMOVQ K2, AX
	KMOVQ K3, CX
	MOVQ AX, (DX)
	MOVQ CX, 8(DX)
	NEGQ AX                  // carries unless the word is 0
	RCRQ $1, R12
	NEGQ CX
	RCRQ $1, R12
	VPANDQ Z13, Z0, Z0
	VPANDQ Z13, Z1, Z1
	VMOVDQU64 Z0, (DI)
	VMOVDQU64 Z1, 64(DI)
	ADDQ $128, DI
	ADDQ $16, DX
	ADDQ $64, BX
	CMPQ BX, $2048
	JNE blocks512
	MOVQ R12, words+40(FP)   // 64 bits have gone through it
	VZEROUPPER
	RET

// func collectAVX2(sums *Sums, columns *Column, n int, threshold, keep uint8, mask *Mask) (words uint64)
TEXT ·collectAVX2(SB), NOSPLIT, $0-48
	MOVQ sums+0(FP), DI
	MOVQ columns+8(FP), SI
	MOVQ n+16(FP), R9
	MOVQ mask+32(FP), DX
	VPBROADCASTB threshold+24(FP), Y15
	VPBROADCASTQ low<>(SB), Y14
	VPBROADCASTB keep+25(FP), Y13
	IMULQ $COLUMN_SIZE, R9
	ADDQ SI, R9
	XORQ BX, BX

blocks2:
	VMOVDQU (DI), Y0
	VMOVDQU 32(DI), Y1
	MOVQ SI, R8
	CMPQ R8, R9
	JEQ compare2

columns2:
	MOVQ (R8), R10
	VBROADCASTI128 COLUMN_TABLE(R8), Y4
	VMOVDQU (R10)(BX*1), Y2
	VPSRLW $4, Y2, Y3
	VPAND Y14, Y2, Y2
	VPAND Y14, Y3, Y3
	VPSHUFB Y2, Y4, Y2
	VPSHUFB Y3, Y4, Y3
	VPADDUSB Y2, Y0, Y0
	VPADDUSB Y3, Y1, Y1
	ADDQ $COLUMN_SIZE, R8
	CMPQ R8, R9
	JNE columns2

compare2:
	// A sum is not less than the threshold where the larger of both is the sum.
	VPMAXUB Y15, Y0, Y2
	VPMAXUB Y15, Y1, Y3
	VPCMPEQB Y0, Y2, Y2
	VPCMPEQB Y1, Y3, Y3
	VPMOVMSKB Y2, AX
	VPMOVMSKB Y3, CX
	SHLQ $32, CX
	ORQ AX, CX
	MOVQ CX, (DX)
	NEGQ CX                  // carries unless the word is 0
	RCRQ $1, R12
	VPAND Y13, Y0, Y0
	VPAND Y13, Y1, Y1
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	ADDQ $64, DI
	ADDQ $8, DX
	ADDQ $32, BX
	CMPQ BX, $2048
	JNE blocks2
	MOVQ R12, words+40(FP)
	VZEROUPPER
	RET
