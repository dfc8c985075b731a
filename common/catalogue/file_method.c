#include "file_method.h"

#define FILE_METHOD_ROW(NAME, ...) [FILE_##NAME] = { __VA_ARGS__ },
const struct file_method_info FILE_METHOD_TABLE[FILE_METHOD_COUNT] = { FILE_METHODS(FILE_METHOD_ROW) };

#define FILE_MODE_ROW(NAME, name, doc) [FILE_MODE_##NAME] = name,
const char *const FILE_MODE_NAMES[FILE_MODE_COUNT] = { FILE_MODES(FILE_MODE_ROW) };
