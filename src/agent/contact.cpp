#include "agent/contact.h"

#include <algorithm>
#include <span>
#include <utility>

#include "codec/json.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

using codec::Json;

constexpr std::size_t kMostQuery = 1900;  // octets: a request's target has 2048

std::string text_of(const RunningModel& model) {
  return model.model.str() + ":" + std::to_string(model.release);
}

bool names(const Json& element, const RunningModel& model) {
  const std::string* text = element.if_string();
  return text != nullptr && *text == text_of(model);
}

Result<Contact> read_contact(const Json& answer, std::span<const RunningModel> models) {
  Contact contact;
  VEDETTE_TRY(contact.wanted, answer.boolean("wanted"));
  VEDETTE_TRY(const Json* array, answer.array("blocked"));
  const Json::Array& blocked = *array->if_array();
  for (const RunningModel& model : models)
    if (std::ranges::any_of(blocked, [&](const Json& one) { return names(one, model); }))
      contact.blocked.push_back(model);
  for (const Json& one : blocked)
    if (std::ranges::none_of(models, [&](const auto& model) { return names(one, model); }))
      contact.doubt = Error{"HTTP-ANSWER",
                            "the server blocks a release that it was not told of",
                            codec::to_json(one).substr(0, 80),
                            {}};
  return contact;
}

// How many of the first ones one request can name.
std::size_t fitting(std::span<const RunningModel> models) {
  std::size_t octets = 0;
  std::size_t count = 0;
  while (count < models.size()) {
    octets += text_of(models[count]).size() + 1;
    if (count > 0 && octets > kMostQuery) break;
    ++count;
  }
  return count;
}

Result<Contact> ask_about(platform::HttpClient& client, std::span<const RunningModel> models) {
  std::string target = "/v1/attestation/wanted";
  for (std::size_t i = 0; i < models.size(); ++i)
    target += (i == 0 ? "?running=" : ",") + text_of(models[i]);
  VEDETTE_TRY(const auto response, client.send(platform::get_request(target)));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  return read_contact(answer, models);
}

}  // namespace

std::optional<RunningModel> concerned(const ModelName& model, std::optional<std::uint64_t> runs,
                                      std::uint64_t last_good) {
  const std::uint64_t release = runs.value_or(last_good);
  if (release == 0) return std::nullopt;
  return RunningModel{model, release};
}

Result<Contact> make_contact(platform::HttpClient& client,
                             const std::vector<RunningModel>& models) {
  if (models.size() > kMostModels)
    return refuse("AGT-MODELS", "the server cannot be told of so many models",
                  std::to_string(models.size()));
  Contact all;
  std::span<const RunningModel> rest(models);
  do {
    const std::size_t count = fitting(rest);
    VEDETTE_TRY(Contact part, ask_about(client, rest.first(count)));
    all.wanted |= part.wanted;
    all.blocked.insert(all.blocked.end(), part.blocked.begin(), part.blocked.end());
    if (part.doubt) all.doubt = std::move(part.doubt);
    rest = rest.subspan(count);
  } while (!rest.empty());
  return all;
}

std::optional<Outcome> duty_after(const Error& failure) {
  const Outcome outcome = outcome_of(failure);
  const bool is_duty = outcome == Outcome::revoked || outcome == Outcome::verdict_due ||
                       outcome == Outcome::certificate_due;
  return is_duty ? std::optional(outcome) : std::nullopt;
}

}  // namespace vedette::agent
