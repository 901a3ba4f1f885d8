// Answers: how the server's verdicts become HTTP responses.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/fd.h"
#include "codec/json.h"
#include "platform/net/http.h"

namespace vedette::server {

[[nodiscard]] platform::HttpResponse answer(const codec::Json& body);
[[nodiscard]] platform::HttpResponse answer_text(std::string content_type, std::string_view body);

// The whole file, read as the connection takes it.
[[nodiscard]] platform::HttpResponse answer_file(UniqueFd file, std::uint64_t size);

// The status that an error's code stands for; 403 for everything that a check or a policy refused.
[[nodiscard]] int status_of(const Error& error);
// `{"error":{"code","message","cause","hint"}}` with that status; a 503 says after how many seconds
// to come back, 5 to 15 at random, and a 401 how to authenticate.
[[nodiscard]] platform::HttpResponse answer(const Error& error);

}  // namespace vedette::server
