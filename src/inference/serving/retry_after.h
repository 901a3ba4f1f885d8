// A refusal that says when to come again: an Error has only words, so the words are kept in one
// place.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vedette::inference::serving {

// A refusal whose cause is `try again in N ms`; N is `wait` rounded up, at least 1.
[[nodiscard]] std::unexpected<Error> refuse_for(std::string_view code, std::string message,
                                                std::chrono::nanoseconds wait,
                                                std::string hint = {});

// The wait that refuse_for wrote, for a Retry-After header; nothing for any other error.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after(const Error& error);

}  // namespace vedette::inference::serving
