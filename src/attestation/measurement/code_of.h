// For tests: a result as the code of its refusal.
#pragma once

#include <string>

#include "base/error.h"

namespace vedette::attestation {

template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().code;
}

}  // namespace vedette::attestation
