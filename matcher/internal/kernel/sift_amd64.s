#include "textflag.h"
#include "column_amd64.h"

DATA lowSift<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL lowSift<>(SB), RODATA|NOPTR, $8

// func siftAVX512(sums *Sums, columns *Column, n int, allowed *Mask, threshold uint8, mask *Mask) int
//
// As collectAVX512, with the mask cut to what is allowed, and counted. Without
// columns the sums are not written.
TEXT ·siftAVX512(SB), NOSPLIT, $0-56
	MOVQ sums+0(FP), DI
	MOVQ columns+8(FP), SI
	MOVQ n+16(FP), R9
	MOVQ allowed+24(FP), R11
	MOVBLZX threshold+32(FP), AX
	MOVQ mask+40(FP), DX
	VPBROADCASTB AX, Z15
	XORQ R12, R12            // how many there are
	XORQ R13, R13
	TESTQ R9, R9
	JEQ compareOnly
	VPBROADCASTQ lowSift<>(SB), Z14
	MOVL $0xffff0000, AX     // the words of documents 32 to 63
	KMOVD AX, K1
	IMULQ $COLUMN_SIZE, R9
	ADDQ SI, R9              // the end of the columns
	XORQ BX, BX              // offset in a column: 32 bytes a block

blocks:
	VMOVDQU64 (DI), Z0
	VMOVDQU64 64(DI), Z1
	MOVQ SI, R8

columns:
	ADD_COLUMN
	CMPQ R8, R9
	JNE columns
	VPCMPUB $5, Z15, Z0, K2  // not less
	VPCMPUB $5, Z15, Z1, K3
	KMOVQ K2, AX
	KMOVQ K3, CX
	ANDQ (R11), AX
	VMOVDQU64 Z0, (DI)
	VMOVDQU64 Z1, 64(DI)
	MOVQ AX, (DX)
	POPCNTQ AX, AX
	ADDQ AX, R12
	ANDQ 8(R11), CX
	MOVQ CX, 8(DX)
	POPCNTQ CX, CX
	ADDQ CX, R13
	ADDQ $128, DI
	ADDQ $16, DX
	ADDQ $16, R11
	ADDQ $64, BX
	CMPQ BX, $2048
	JNE blocks
	JMP done

compareOnly:
	MOVQ $32, R9             // pairs of blocks

pairs:
	VMOVDQU64 (DI), Z0
	VMOVDQU64 64(DI), Z1
	VPCMPUB $5, Z15, Z0, K2
	VPCMPUB $5, Z15, Z1, K3
	KMOVQ K2, AX
	KMOVQ K3, CX
	ANDQ (R11), AX
	MOVQ AX, (DX)
	POPCNTQ AX, AX
	ADDQ AX, R12
	ANDQ 8(R11), CX
	MOVQ CX, 8(DX)
	POPCNTQ CX, CX
	ADDQ CX, R13
	ADDQ $128, DI
	ADDQ $16, DX
	ADDQ $16, R11
	DECQ R9
	JNE pairs

done:
	ADDQ R13, R12
	MOVQ R12, ret+48(FP)
	VZEROUPPER
	RET

// func excludeAVX512(mask *Mask, others **Mask, n int)
//
// What the others have fills eight registers; VPANDNQ takes it from the mask.
TEXT ·excludeAVX512(SB), NOSPLIT, $0-24
	MOVQ mask+0(FP), DI
	MOVQ others+8(FP), SI
	MOVQ n+16(FP), CX
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7

other:
	MOVQ (SI), AX
	VPORQ (AX), Z0, Z0
	VPORQ 64(AX), Z1, Z1
	VPORQ 128(AX), Z2, Z2
	VPORQ 192(AX), Z3, Z3
	VPORQ 256(AX), Z4, Z4
	VPORQ 320(AX), Z5, Z5
	VPORQ 384(AX), Z6, Z6
	VPORQ 448(AX), Z7, Z7
	ADDQ $8, SI
	DECQ CX
	JNE other
	VPANDNQ (DI), Z0, Z0
	VPANDNQ 64(DI), Z1, Z1
	VPANDNQ 128(DI), Z2, Z2
	VPANDNQ 192(DI), Z3, Z3
	VPANDNQ 256(DI), Z4, Z4
	VPANDNQ 320(DI), Z5, Z5
	VPANDNQ 384(DI), Z6, Z6
	VPANDNQ 448(DI), Z7, Z7
	VMOVDQU64 Z0, (DI)
	VMOVDQU64 Z1, 64(DI)
	VMOVDQU64 Z2, 128(DI)
	VMOVDQU64 Z3, 192(DI)
	VMOVDQU64 Z4, 256(DI)
	VMOVDQU64 Z5, 320(DI)
	VMOVDQU64 Z6, 384(DI)
	VMOVDQU64 Z7, 448(DI)
	VZEROUPPER
	RET

// func belowAVX512(mask, above *Mask, places *uint32, words int, lowest uint32)
TEXT ·belowAVX512(SB), NOSPLIT, $0-36
	MOVQ mask+0(FP), DI
	MOVQ above+8(FP), SI
	MOVQ places+16(FP), DX
	MOVQ words+24(FP), CX
	MOVL lowest+32(FP), AX
	VPBROADCASTD AX, Z15

below:
	MOVQ (SI), BX
	MOVQ BX, AX
	NOTQ AX
	ANDQ (DI), AX
	JEQ nextBelow            // all of them are above
	VMOVDQU32 (DX), Z0
	VMOVDQU32 64(DX), Z1
	VMOVDQU32 128(DX), Z2
	VMOVDQU32 192(DX), Z3
	VPCMPUD $1, Z15, Z0, K1  // less
	VPCMPUD $1, Z15, Z1, K2
	VPCMPUD $1, Z15, Z2, K3
	VPCMPUD $1, Z15, Z3, K4
	KUNPCKWD K1, K2, K1
	KUNPCKWD K3, K4, K3
	KUNPCKDQ K1, K3, K1
	KMOVQ K1, AX
	ORQ BX, AX
	ANDQ AX, (DI)

nextBelow:
	ADDQ $8, DI
	ADDQ $8, SI
	ADDQ $256, DX
	DECQ CX
	JNE below
	VZEROUPPER
	RET
