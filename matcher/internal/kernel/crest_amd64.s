#include "textflag.h"
#include "worth_amd64.h"

// A Crest is a pointer and 16 steps of two bytes.
#define CREST_STEPS 8
#define CREST_SIZE 40

// Of two registers with four lanes each, the first two and the last two of both
// in turns.
DATA firstLanes<>+0(SB)/8, $0
DATA firstLanes<>+8(SB)/8, $1
DATA firstLanes<>+16(SB)/8, $8
DATA firstLanes<>+24(SB)/8, $9
DATA firstLanes<>+32(SB)/8, $2
DATA firstLanes<>+40(SB)/8, $3
DATA firstLanes<>+48(SB)/8, $10
DATA firstLanes<>+56(SB)/8, $11
GLOBL firstLanes<>(SB), RODATA|NOPTR, $64
DATA lastLanes<>+0(SB)/8, $4
DATA lastLanes<>+8(SB)/8, $5
DATA lastLanes<>+16(SB)/8, $12
DATA lastLanes<>+24(SB)/8, $13
DATA lastLanes<>+32(SB)/8, $6
DATA lastLanes<>+40(SB)/8, $7
DATA lastLanes<>+48(SB)/8, $14
DATA lastLanes<>+56(SB)/8, $15
GLOBL lastLanes<>(SB), RODATA|NOPTR, $64

DATA lowByte<>+0(SB)/8, $0x00ff00ff00ff00ff
GLOBL lowByte<>(SB), RODATA|NOPTR, $8
DATA lowHalf<>+0(SB)/8, $0x000f000f000f000f
GLOBL lowHalf<>(SB), RODATA|NOPTR, $8

// func boundAVX512(bounds, start *uint16, chunks int, crests *Crest, n int)
//
// Four windows at a time: each is a lane of eight bytes, whose low halves are its
// first eight sections and high halves the others. Levels are looked up as words in
// the steps, which a register has twice: a lookup goes by the low five bits.
TEXT ·boundAVX512(SB), NOSPLIT, $0-40
	MOVQ bounds+0(FP), DI
	MOVQ start+8(FP), SI
	MOVQ chunks+16(FP), CX
	MOVQ crests+24(FP), DX
	MOVQ n+32(FP), R9
	IMULQ $CREST_SIZE, R9
	ADDQ DX, R9              // the end of the crests
	VPXORQ Z12, Z12, Z12
	VMOVDQU64 firstLanes<>(SB), Z13
	VMOVDQU64 lastLanes<>(SB), Z14
	XORL BX, BX              // offset in a crest

chunk512:
	VPXORQ Z0, Z0, Z0        // sections 0 to 7 of four windows
	VPXORQ Z1, Z1, Z1        // sections 8 to 15
	MOVQ DX, R8
	CMPQ R8, R9
	JEQ store512

crest512:
	MOVQ (R8), R10
	VBROADCASTI64X4 CREST_STEPS(R8), Z4
	VPMOVZXBW (R10)(BX*1), Z2
	VPSRLW $4, Z2, Z3
	VPERMW Z4, Z2, Z2
	VPERMW Z4, Z3, Z3
	VPADDUSW Z2, Z0, Z0
	VPADDUSW Z3, Z1, Z1
	ADDQ $CREST_SIZE, R8
	CMPQ R8, R9
	JNE crest512

store512:
	VMOVDQA64 Z13, Z2
	VMOVDQA64 Z14, Z3
	VPERMI2Q Z1, Z0, Z2      // windows 0 and 1
	VPERMI2Q Z1, Z0, Z3      // windows 2 and 3
	VPADDUSW (SI), Z2, Z2
	VPADDUSW 64(SI), Z3, Z3
	VMOVDQU64 Z2, (DI)
	VMOVDQU64 Z3, 64(DI)
	VMOVDQU64 Z12, (SI)
	VMOVDQU64 Z12, 64(SI)
	ADDQ $128, DI
	ADDQ $128, SI
	ADDQ $32, BX
	DECQ CX
	JNE chunk512
	VZEROUPPER
	RET

// Two windows, 16 bytes at an offset from R10 plus BX: what their levels are worth
// is added to their first sections in a and the others in b. Y4 has the low bytes
// of the steps, Y5 the high ones; Y15 a 15 in each word.
#define ADD_WINDOWS(offset, a, b) \
	VPMOVZXBW offset(R10)(BX*1), Y6 \
	VPSRLW $4, Y6, Y7        \
	VPAND Y15, Y6, Y6        \
	VPSHUFB Y6, Y4, Y8       \
	VPSHUFB Y6, Y5, Y9       \
	VPSLLW $8, Y9, Y9        \
	VPOR Y8, Y9, Y9          \
	VPADDUSW Y9, a, a        \
	VPSHUFB Y7, Y4, Y8       \
	VPSHUFB Y7, Y5, Y9       \
	VPSLLW $8, Y9, Y9        \
	VPOR Y8, Y9, Y9          \
	VPADDUSW Y9, b, b

// The bound of 16 sections at an offset becomes their start plus x.
#define STORE(offset, x) \
	VPADDUSW offset(SI), x, x \
	VMOVDQU x, offset(DI)    \
	VMOVDQU Y12, offset(SI)

// func boundAVX2(bounds, start *uint16, chunks int, crests *Crest, n int)
//
// As boundAVX512, with two lookups for a word, of its low and of its high byte.
TEXT ·boundAVX2(SB), NOSPLIT, $0-40
	MOVQ bounds+0(FP), DI
	MOVQ start+8(FP), SI
	MOVQ chunks+16(FP), CX
	MOVQ crests+24(FP), DX
	MOVQ n+32(FP), R9
	IMULQ $CREST_SIZE, R9
	ADDQ DX, R9
	VPXOR Y12, Y12, Y12
	VPBROADCASTQ lowByte<>(SB), Y14
	VPBROADCASTQ lowHalf<>(SB), Y15
	XORL BX, BX

chunk2:
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	MOVQ DX, R8
	CMPQ R8, R9
	JEQ store2

crest2:
	MOVQ (R8), R10
	VBROADCASTI128 CREST_STEPS(R8), Y4
	VBROADCASTI128 (CREST_STEPS+16)(R8), Y5
	VPSRLW $8, Y4, Y6
	VPSRLW $8, Y5, Y7
	VPAND Y14, Y4, Y4
	VPAND Y14, Y5, Y5
	VPACKUSWB Y5, Y4, Y4
	VPACKUSWB Y7, Y6, Y5
	ADD_WINDOWS(0, Y0, Y1)
	ADD_WINDOWS(16, Y2, Y3)
	ADDQ $CREST_SIZE, R8
	CMPQ R8, R9
	JNE crest2

store2:
	VPERM2I128 $0x20, Y1, Y0, Y4 // the first lanes of both: a window
	VPERM2I128 $0x31, Y1, Y0, Y5
	VPERM2I128 $0x20, Y3, Y2, Y6
	VPERM2I128 $0x31, Y3, Y2, Y7
	STORE(0, Y4)
	STORE(32, Y5)
	STORE(64, Y6)
	STORE(96, Y7)
	ADDQ $128, DI
	ADDQ $128, SI
	ADDQ $32, BX
	DECQ CX
	JNE chunk2
	VZEROUPPER
	RET

// func reachAVX2(bounds, reached *uint16, windows int, least uint16)
TEXT ·reachAVX2(SB), NOSPLIT, $0-26
	MOVQ bounds+0(FP), SI
	MOVQ reached+8(FP), DI
	MOVQ windows+16(FP), CX
	VPBROADCASTW least+24(FP), Y3

window:
	// A bound is not less than the least where the larger of both is the bound.
	VMOVDQU (SI), Y0
	VPMAXUW Y3, Y0, Y1
	VPCMPEQW Y0, Y1, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKSSWB X1, X0, X0
	VPMOVMSKB X0, AX
	MOVW AX, (DI)
	ADDQ $32, SI
	ADDQ $2, DI
	DECQ CX
	JNE window
	VZEROUPPER
	RET

// func peakAVX2(bounds *uint16, windows int) uint16
TEXT ·peakAVX2(SB), NOSPLIT, $0-18
	MOVQ bounds+0(FP), SI
	MOVQ windows+8(FP), CX
	VPXOR Y0, Y0, Y0

peakOf:
	VPMAXUW (SI), Y0, Y0
	ADDQ $32, SI
	DECQ CX
	JNE peakOf
	VEXTRACTI128 $1, Y0, X1
	VPMAXUW X1, X0, X0
	VPCMPEQW X1, X1, X1      // there is an instruction for the least of all
	VPXOR X1, X0, X0
	VPHMINPOSUW X0, X0
	VMOVD X0, AX
	NOTL AX
	MOVW AX, ret+16(FP)
	VZEROUPPER
	RET

DATA manySteps<>+0(SB)/8, $65534.0
GLOBL manySteps<>(SB), RODATA|NOPTR, $8

// Eight weights in w: more than what they are worth, in steps, as 32-bit numbers in
// the register's lower half.
#define STEPS(w, half) \
	VCMPPD $14, Z0, w, K1    \ // more than 0
	VMULPD w, Z11, Z6        \
	VMULPD Z12, Z6, Z6       \
	VMINPD Z13, Z6, Z6       \
	VCVTTPD2UDQ Z6, half     \
	VPADDD.Z Z14, w, K1, w

// func stepsAVX512(steps *Steps, worth *Worth, factor float64)
TEXT ·stepsAVX512(SB), NOSPLIT, $0-24
	MOVQ steps+0(FP), DI
	MOVQ worth+8(FP), DX
	MOVQ WORTH_UPPER(DX), SI
	VBROADCASTSD WORTH_SLOPE(DX), Z11
	VBROADCASTSD WORTH_LIMIT(DX), Z5
	VBROADCASTSD factor+16(FP), Z12
	VBROADCASTSD manySteps<>(SB), Z13
	MOVL $1, AX
	VPBROADCASTD AX, Z14
	VPXORQ Z0, Z0, Z0
	VMINPD (SI), Z5, Z1
	VMINPD 64(SI), Z5, Z2
	STEPS(Z1, Y1)
	STEPS(Z2, Y2)
	VINSERTI64X4 $1, Y2, Z1, Z1
	VPMOVDW Z1, Y1
	VMOVDQU Y1, (DI)
	VZEROUPPER
	RET
