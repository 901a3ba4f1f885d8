// Names of system calls, for people. The number and the architecture are the evidence.
#pragma once

#include <cstdint>
#include <string_view>

namespace vedette::inference {

// Of those calls that a confined program is likely to try; `unknown` for others, and for other
// architectures than this program's own.
[[nodiscard]] std::string_view system_call_name(std::uint32_t architecture, std::int32_t number);

}  // namespace vedette::inference
