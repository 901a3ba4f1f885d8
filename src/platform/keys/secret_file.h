// Passphrases and PINs, in files that their owner alone may read.
#pragma once

#include <string>

#include "base/error.h"
#include "base/secret.h"

namespace vedette::platform {

// The content without one newline at its end. Refuses KEY-SECRET-FILE for what is no regular file,
// may be read or written by the group or by others, belongs to somebody else than us or root, is
// empty, longer than 1024 octets, or holds a NUL or another newline.
[[nodiscard]] Result<SecretBytes> read_secret_file(const std::string& path);

}  // namespace vedette::platform
