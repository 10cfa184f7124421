// A Column is a pointer and a table of 16 bytes.
#define COLUMN_TABLE 8
#define COLUMN_SIZE 24

// What the levels of 128 documents contribute is added to their sums in a and b.
// The levels are 64 bytes at an offset from R10 plus BX: those in low halves of
// bytes as they are, the others, of the words in K1, shifted. Z4 has the table,
// Z14 a 15 in each byte.
#define ADD_BLOCKS(offset, a, b) \
	VBROADCASTI64X4 offset(R10)(BX*1), Z2          \
	VBROADCASTI64X4 (offset+32)(R10)(BX*1), Z3     \
	VPSRLW $4, Z2, K1, Z2                          \
	VPSRLW $4, Z3, K1, Z3                          \
	VPANDQ Z14, Z2, Z2                             \
	VPANDQ Z14, Z3, Z3                             \
	VPSHUFB Z2, Z4, Z2                             \
	VPSHUFB Z3, Z4, Z3                             \
	VPADDUSB Z2, a, a                              \
	VPADDUSB Z3, b, b

// Whether a word of the mask, at an offset from AX, is not 0 is the bit CX of
// R12, and CX goes on.
#define BIT_OF_WORD(offset) \
	XORL BX, BX              \
	CMPQ offset(AX), $0      \
	SETNE BX                 \
	SHLQ CX, BX              \
	ORQ BX, R12              \
	INCL CX
