#include "agent/contact.h"

#include <algorithm>

#include "codec/json.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

using codec::Json;

constexpr std::size_t kMost = 64;

std::string text_of(const RunningModel& model) {
  return model.model.str() + ":" + std::to_string(model.release);
}

Result<std::vector<RunningModel>> read_blocked(const Json& answer,
                                               const std::vector<RunningModel>& running) {
  VEDETTE_TRY(const Json* array, answer.array("blocked"));
  std::vector<RunningModel> blocked;
  for (const Json& element : *array->if_array()) {
    const std::string* text = element.if_string();
    const auto found = std::ranges::find_if(running, [&](const RunningModel& model) {
      return text != nullptr && *text == text_of(model);
    });
    if (found == running.end())
      return refuse("HTTP-ANSWER", "the server blocks a release that does not run here",
                    codec::to_json(element).substr(0, 80));
    blocked.push_back(*found);
  }
  return blocked;
}

}  // namespace

Result<Contact> make_contact(platform::HttpClient& client,
                             const std::vector<RunningModel>& running) {
  std::string target = "/v1/attestation/wanted";
  for (std::size_t i = 0; i < std::min(running.size(), kMost); ++i)
    target += (i == 0 ? "?running=" : ",") + text_of(running[i]);
  VEDETTE_TRY(const auto response, client.send(platform::get_request(target)));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  Contact contact;
  VEDETTE_TRY(contact.wanted, answer.boolean("wanted"));
  VEDETTE_TRY(contact.blocked, read_blocked(answer, running));
  return contact;
}

}  // namespace vedette::agent
