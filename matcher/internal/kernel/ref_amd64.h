// A Ref.
#define REF_AT 0
#define REF_COUNT 4
#define REF_TABLE 6
#define REF_SIZE 8
