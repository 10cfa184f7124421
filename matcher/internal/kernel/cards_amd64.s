#include "textflag.h"

// The tag at an offset from R11: its weight times its product is added to sum.
#define ADD_TAG(at, sum) \
	MOVWLZX (at)(R11), BX    \
	MOVWLZX (at+2)(R11), R13 \
	IMULQ (R9)(R13*8), BX    \
	ADDQ BX, sum

// func unitsScalar(dst *int64, words, at, docs *uint32, n int, products *int64)
//
// Four tags at a time. What is looked up stays in the first cache; vectors would
// have to gather it, which is slower.
TEXT ·unitsScalar(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ words+8(FP), SI
	MOVQ at+16(FP), R8
	MOVQ docs+24(FP), DX
	MOVQ n+32(FP), CX
	MOVQ products+40(FP), R9
	LEAQ (DX)(CX*4), CX      // the end of the documents

card:
	MOVL (DX), AX
	MOVL (R8)(AX*4), R11
	MOVL 4(R8)(AX*4), R10
	LEAQ (SI)(R11*4), R11
	LEAQ (SI)(R10*4), R10    // the end of the card
	MOVL 4(R11), R12         // the factor
	ADDQ $8, R11
	XORL AX, AX
	XORL R14, R14
	CMPQ R11, R10
	JEQ summed

tags:
	ADD_TAG(0, AX)
	ADD_TAG(4, R14)
	ADD_TAG(8, AX)
	ADD_TAG(12, R14)
	ADDQ $16, R11
	CMPQ R11, R10
	JNE tags

summed:
	ADDQ R14, AX
	IMULQ R12, AX
	MOVQ AX, (DI)
	ADDQ $8, DI
	ADDQ $4, DX
	CMPQ DX, CX
	JNE card
	RET
