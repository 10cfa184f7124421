// A Column is a pointer and a table of 16 bytes.
#define COLUMN_TABLE 8
#define COLUMN_SIZE 24

// The column at R8 is added to the sums of 128 documents in Z0 and Z1, whose
// levels are 64 bytes from BX on: those in low halves of bytes as they are, the
// others, of the words in K1, shifted. Z14 has a 15 in each byte. R8 goes on to
// the next column.
#define ADD_COLUMN \
	MOVQ (R8), R10                                 \
	VBROADCASTI32X4 COLUMN_TABLE(R8), Z4           \
	VBROADCASTI64X4 (R10)(BX*1), Z2                \
	VBROADCASTI64X4 32(R10)(BX*1), Z3              \
	VPSRLW $4, Z2, K1, Z2                          \
	VPSRLW $4, Z3, K1, Z3                          \
	VPANDQ Z14, Z2, Z2                             \
	VPANDQ Z14, Z3, Z3                             \
	VPSHUFB Z2, Z4, Z2                             \
	VPSHUFB Z3, Z4, Z3                             \
	VPADDUSB Z2, Z0, Z0                            \
	VPADDUSB Z3, Z1, Z1                            \
	ADDQ $COLUMN_SIZE, R8
