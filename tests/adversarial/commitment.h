// How a hostile worker commits an act, and tells by its exit code what came of it.
#pragma once

#include "act.h"

namespace vedette::testing {

// Exit codes: everything succeeded; or the last call was refused with an errno, added to the base.
inline constexpr int kSucceeded = 42;
inline constexpr int kRefusedBase = 100;

// Makes the calls one after the other, or does the deed.
[[nodiscard]] int commit(const Act& act);

}  // namespace vedette::testing
