#include "textflag.h"
#include "column_amd64.h"
#include "ref_amd64.h"
#include "worth_amd64.h"

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

// func prefetchAt(words, at, places *uint32, n int)
TEXT ·prefetchAt(SB), NOSPLIT, $0-32
	MOVQ words+0(FP), SI
	MOVQ at+8(FP), DI
	MOVQ places+16(FP), DX
	MOVQ n+24(FP), CX
	TESTQ CX, CX
	JEQ prefetchedAt

prefetchPlace:
	MOVL (DX), AX
	MOVL (DI)(AX*4), AX
	PREFETCHT0 (SI)(AX*4)
	PREFETCHT0 64(SI)(AX*4)
	ADDQ $4, DX
	DECQ CX
	JNE prefetchPlace

prefetchedAt:
	RET

// func prefetchColumn(l *Levels, sections uint16)
TEXT ·prefetchColumn(SB), NOSPLIT, $0-10
	MOVQ l+0(FP), AX
	MOVWLZX sections+8(FP), CX
	TESTL CX, CX
	JEQ prefetchedColumn

prefetchSection:
	TZCNTL CX, BX            // older processors take it for BSF, which is the same here
	SHLL $7, BX              // half a byte a document
	PREFETCHT0 (AX)(BX*1)
	PREFETCHT0 64(AX)(BX*1)
	LEAL -1(CX), DX
	ANDL DX, CX
	JNE prefetchSection

prefetchedColumn:
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

// func roundUpAVX512(table *Table, worth *Worth, factor float64) bool
TEXT ·roundUpAVX512(SB), NOSPLIT, $0-25
	MOVQ table+0(FP), DI
	MOVQ worth+8(FP), DX
	MOVQ WORTH_UPPER(DX), SI
	VBROADCASTSD WORTH_SLOPE(DX), Z4
	VBROADCASTSD WORTH_LIMIT(DX), Z5
	VBROADCASTSD factor+16(FP), Z11
	VPBROADCASTQ magnitude<>(SB), Z12
	VPXORQ Z13, Z13, Z13
	VBROADCASTSD near<>(SB), Z14
	VBROADCASTSD top<>(SB), Z15
	KXORW K1, K1, K1
	VMINPD (SI), Z5, Z0
	VMINPD 64(SI), Z5, Z1
	VMULPD Z4, Z0, Z0
	VMULPD Z4, Z1, Z1
	VMULPD Z11, Z0, Z0
	VMULPD Z11, Z1, Z1
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

// func collectAVX512(sums *Sums, columns *Column, n int, threshold, keep uint8, sections uint16, mask *Mask) (words uint64)
//
// Section by section, each in four blocks of 64 documents: the sums, plus each
// column's 32 bytes a block, whose low halves are documents 0 to 31 and high
// halves documents 32 to 63, looked up in the column's table; compare, write the
// mask, leave the sums & keep.
TEXT ·collectAVX512(SB), NOSPLIT, $0-48
	MOVQ sums+0(FP), DI
	MOVQ columns+8(FP), SI
	MOVQ n+16(FP), R9
	MOVBLZX threshold+24(FP), AX
	MOVWLZX sections+26(FP), R13
	MOVQ mask+32(FP), DX
	VPBROADCASTB AX, Z15
	VPBROADCASTQ low<>(SB), Z14
	MOVBLZX keep+25(FP), AX
	VPBROADCASTB AX, Z13
	MOVL $0xffff0000, AX     // the words of documents 32 to 63
	KMOVD AX, K1
	IMULQ $COLUMN_SIZE, R9
	ADDQ SI, R9              // the end of the columns
	VPXORQ Z0, Z0, Z0
	VMOVDQU64 Z0, (DX)
	VMOVDQU64 Z0, 64(DX)
	VMOVDQU64 Z0, 128(DX)
	VMOVDQU64 Z0, 192(DX)
	VMOVDQU64 Z0, 256(DX)
	VMOVDQU64 Z0, 320(DX)
	VMOVDQU64 Z0, 384(DX)
	VMOVDQU64 Z0, 448(DX)
	XORL R12, R12            // the words
	TESTL R13, R13
	JEQ collected512

section512:
	TZCNTL R13, BX           // the section
	LEAL -1(R13), AX
	ANDL AX, R13
	MOVL BX, R11
	SHLL $8, R11
	ADDQ DI, R11             // its sums
	MOVL BX, CX
	SHLL $5, CX
	ADDQ DX, CX              // its words of the mask
	MOVQ BX, AX
	SHLL $7, BX              // offset in a column
	SHLL $2, AX              // number of its first word
	VMOVDQU64 (R11), Z0
	VMOVDQU64 64(R11), Z1
	VMOVDQU64 128(R11), Z10
	VMOVDQU64 192(R11), Z11
	MOVQ SI, R8
	CMPQ R8, R9
	JEQ compare512

columns512:
	MOVQ (R8), R10
	VBROADCASTI32X4 COLUMN_TABLE(R8), Z4
	ADD_BLOCKS(0, Z0, Z1)
	ADD_BLOCKS(64, Z10, Z11)
	ADDQ $COLUMN_SIZE, R8
	CMPQ R8, R9
	JNE columns512

compare512:
	VPCMPUB $5, Z15, Z0, K2  // not less
	VPCMPUB $5, Z15, Z1, K3
	VPCMPUB $5, Z15, Z10, K4
	VPCMPUB $5, Z15, Z11, K5
	VPANDQ Z13, Z0, Z0
	VPANDQ Z13, Z1, Z1
	VPANDQ Z13, Z10, Z10
	VPANDQ Z13, Z11, Z11
	VMOVDQU64 Z0, (R11)
	VMOVDQU64 Z1, 64(R11)
	VMOVDQU64 Z10, 128(R11)
	VMOVDQU64 Z11, 192(R11)
	KORTESTQ K2, K3
	JNE found512
	KORTESTQ K4, K5
	JNE found512

next512:
	TESTL R13, R13
	JNE section512

collected512:
	MOVQ R12, words+40(FP)
	VZEROUPPER
	RET

found512:
	KMOVQ K2, (CX)
	KMOVQ K3, 8(CX)
	KMOVQ K4, 16(CX)
	KMOVQ K5, 24(CX)
	XCHGQ AX, CX
	BIT_OF_WORD(0)
	BIT_OF_WORD(8)
	BIT_OF_WORD(16)
	BIT_OF_WORD(24)
	JMP next512

// func collectAVX2(sums *Sums, columns *Column, n int, threshold, keep uint8, sections uint16, mask *Mask) (words uint64)
TEXT ·collectAVX2(SB), NOSPLIT, $0-48
	MOVQ sums+0(FP), DI
	MOVQ columns+8(FP), SI
	MOVQ n+16(FP), R9
	MOVWLZX sections+26(FP), R13
	MOVQ mask+32(FP), DX
	VPBROADCASTB threshold+24(FP), Y15
	VPBROADCASTQ low<>(SB), Y14
	VPBROADCASTB keep+25(FP), Y13
	IMULQ $COLUMN_SIZE, R9
	ADDQ SI, R9
	VPXOR Y0, Y0, Y0
	MOVL $512, CX

clear2:
	VMOVDQU Y0, -32(DX)(CX*1)
	SUBL $32, CX
	JNE clear2
	XORL R12, R12
	TESTL R13, R13
	JEQ collected2

section2:
	TZCNTL R13, BX           // the section
	LEAL -1(R13), AX
	ANDL AX, R13
	MOVL BX, R11
	SHLL $8, R11
	ADDQ DI, R11             // its sums
	MOVL BX, CX
	SHLL $2, CX              // its first word
	SHLL $7, BX              // offset in a column

blocks2:
	VMOVDQU (R11), Y0
	VMOVDQU 32(R11), Y1
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
	VPMOVMSKB Y3, R10
	SHLQ $32, R10
	ORQ AX, R10
	MOVQ R10, (DX)(CX*8)
	XORL AX, AX
	TESTQ R10, R10
	SETNE AX
	SHLXQ CX, AX, AX
	ORQ AX, R12
	VPAND Y13, Y0, Y0
	VPAND Y13, Y1, Y1
	VMOVDQU Y0, (R11)
	VMOVDQU Y1, 32(R11)
	ADDQ $64, R11
	ADDQ $32, BX
	INCL CX
	TESTL $3, CX             // of four words
	JNE blocks2
	TESTL R13, R13
	JNE section2

collected2:
	MOVQ R12, words+40(FP)
	VZEROUPPER
	RET
