// A Worth is a pointer and two numbers.
#define WORTH_UPPER 0
#define WORTH_SLOPE 8
#define WORTH_LIMIT 16
