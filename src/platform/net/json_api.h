// JSON requests to a Vedette server, for the agent and the command line.
#pragma once

#include <string>

#include "base/error.h"
#include "codec/json.h"
#include "platform/net/http.h"

namespace vedette::platform {

// The JSON of an answer below 400; of any other the refusal that its body tells, so that a server's
// "no" reaches the caller with its own code, message, cause and hint. Refuses HTTP-ANSWER for a
// body that is neither.
[[nodiscard]] Result<codec::Json> read_json_answer(const HttpResponse& response);
// The same for bodies that are not JSON: passes them, or tells the refusal.
[[nodiscard]] Result<HttpResponse> expect_success(HttpResponse response);

// Requests with `Accept: application/json`; `bearer` adds `Authorization: Bearer`, unless it is
// empty.
[[nodiscard]] HttpRequest get_request(std::string target, const std::string& bearer = {});
[[nodiscard]] HttpRequest json_request(std::string method, std::string target,
                                       const codec::Json& body, const std::string& bearer = {});

}  // namespace vedette::platform
