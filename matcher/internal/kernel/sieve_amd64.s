#include "textflag.h"

DATA nibble<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL nibble<>(SB), RODATA|NOPTR, $8

DATA three<>+0(SB)/8, $0x0707070707070707
GLOBL three<>(SB), RODATA|NOPTR, $8

DATA bit<>+0(SB)/8, $0x8040201008040201
GLOBL bit<>(SB), RODATA|NOPTR, $8

// A bucket b passes where bit b%8 of byte b/8 of the table is set. The byte is
// looked up by b/8 modulo 16 in the table's half that the high bit of b chooses,
// the bit by b%8.

// func sieveAVX512(buckets *Buckets, passing *Passing, mask *Mask)
TEXT ·sieveAVX512(SB), NOSPLIT, $0-24
	MOVQ buckets+0(FP), SI
	MOVQ passing+8(FP), R8
	MOVQ mask+16(FP), DX
	VBROADCASTI32X4 (R8), Z10
	VBROADCASTI32X4 16(R8), Z11
	VPBROADCASTQ nibble<>(SB), Z12
	VPBROADCASTQ three<>(SB), Z13
	VPBROADCASTQ bit<>(SB), Z14
	MOVQ $64, CX

blocks512:
	CMPQ (DX), $0            // nothing to be decided: whole sections are like that
	JEQ next512
	VMOVDQU64 (SI), Z0
	VPMOVB2M Z0, K1
	VPSRLW $3, Z0, Z1
	VPANDQ Z12, Z1, Z1
	VPSHUFB Z1, Z10, Z2
	VPSHUFB Z1, Z11, K1, Z2
	VPANDQ Z13, Z0, Z3
	VPSHUFB Z3, Z14, Z3
	VPTESTMB Z3, Z2, K2
	KMOVQ K2, AX
	ANDQ AX, (DX)

next512:
	ADDQ $64, SI
	ADDQ $8, DX
	DECQ CX
	JNE blocks512
	VZEROUPPER
	RET

// func sieveAVX2(buckets *Buckets, passing *Passing, mask *Mask)
TEXT ·sieveAVX2(SB), NOSPLIT, $0-24
	MOVQ buckets+0(FP), SI
	MOVQ passing+8(FP), R8
	MOVQ mask+16(FP), DX
	VBROADCASTI128 (R8), Y10
	VBROADCASTI128 16(R8), Y11
	VPBROADCASTQ nibble<>(SB), Y12
	VPBROADCASTQ three<>(SB), Y13
	VPBROADCASTQ bit<>(SB), Y14
	MOVQ $128, CX

blocks2:
	CMPL (DX), $0
	JEQ next2
	VMOVDQU (SI), Y0
	VPSRLW $3, Y0, Y1
	VPAND Y12, Y1, Y1
	VPSHUFB Y1, Y10, Y2
	VPSHUFB Y1, Y11, Y3
	VPBLENDVB Y0, Y3, Y2, Y2
	VPAND Y13, Y0, Y3
	VPSHUFB Y3, Y14, Y3
	VPAND Y3, Y2, Y2
	VPCMPEQB Y3, Y2, Y2
	VPMOVMSKB Y2, AX
	ANDL AX, (DX)

next2:
	ADDQ $32, SI
	ADDQ $4, DX
	DECQ CX
	JNE blocks2
	VZEROUPPER
	RET
