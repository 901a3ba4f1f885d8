// System calls in words: `socket(AF_INET, SOCK_STREAM, 0)` out of a name and six numbers.
#pragma once

#include <string>

#include "ledger/violation.h"

namespace vedette::cli {

// The commonest calls with the names of their constants, as far as these are the same on every
// architecture of ours; of the others all six arguments in hexadecimal. What an argument points to
// is not known: the kernel saw an address. Never a control character.
[[nodiscard]] std::string in_words(const ledger::SystemCall& call);

}  // namespace vedette::cli
