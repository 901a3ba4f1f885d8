// Names that a repository chose, made safe for a URL and for a folder.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace vedette::release::tuf {

// Refuses TUF-TARGET-NAME: a name that is empty, longer than kMaxNameOctets, absolute, has an empty
// segment, `.` or `..`, a backslash or a control character.
[[nodiscard]] Result<void> check_target_name(std::string_view name);

// All but letters, digits and `-._~` as %XX (RFC 3986).
[[nodiscard]] std::string url_segment(std::string_view name);
[[nodiscard]] std::string url_path(std::string_view name);  // the same, but for `/`

// One file's name, a different one for each `name`: no path, not hidden, never `.` or `..`. Refuses
// TUF-FILE-NAME for what is too long for any file system.
[[nodiscard]] Result<std::string> file_name(std::string_view name);

}  // namespace vedette::release::tuf
