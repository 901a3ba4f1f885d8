#include "cli/violation_views.h"

#include <optional>
#include <utility>
#include <vector>

#include "cli/output.h"
#include "cli/system_call_words.h"
#include "cli/views.h"
#include "ledger/violation.h"

namespace vedette::cli {

using codec::Json;

namespace {

using Rows = std::vector<std::vector<std::string>>;

std::optional<ledger::Violation> event_of(const Json& claims) {
  auto read = ledger::parse_violation_claims(claims);
  if (!read) return std::nullopt;
  return std::move(read->event);
}

std::string tried(const ledger::Violation& event) {
  if (event.call) return "tried " + in_words(*event.call);
  return std::string(ledger::to_string(event.kind)) + ": " + event.detail;
}

std::string architecture(const ledger::SystemCall& call) {
  const Json json = ledger::to_json(call);
  return std::string(ledger::architecture_name(call.architecture)) + " (" +
         cell_of(json, "architecture") + ")";
}

// The kernel's own numbers, untouched by any table of names.
void add_numbers(const ledger::SystemCall& call, Rows& rows) {
  const Json json = ledger::to_json(call);
  rows.push_back({"system call", call.name + " (" + std::to_string(call.number) + ")"});
  rows.push_back({"architecture", architecture(call)});
  rows.push_back({"at instruction", cell_of(json, "instruction_pointer")});
  rows.push_back({"arguments", cell_of(json, "arguments")});
}

}  // namespace

Json with_event(const Json& violation) {
  const Json extended = with_claims_of(violation);
  const Json* claims = extended.find("claims");
  Json result = extended;
  const auto event = claims == nullptr ? std::nullopt : event_of(*claims);
  result.set("tried", event ? Json(tried(*event)) : Json());
  return result;
}

Json with_events(const Json& answer) {
  Json::Array violations;
  const Json* list = answer.find("violations");
  const Json::Array* array = list == nullptr ? nullptr : list->if_array();
  if (array != nullptr)
    for (const Json& violation : *array)
      if (violation.is_object()) violations.push_back(with_event(violation));
  Json json;
  json.set("violations", std::move(violations));
  return json;
}

std::string violations_view(const Json& answer) {
  Rows rows{{"DEVICE", "SEQUENCE", "MODEL", "RELEASE", "KIND", "WHAT", "RECEIVED"}};
  for (const Json& violation : *answer.find("violations")->if_array())
    rows.push_back({cell_of(violation, "device"), cell_of(violation, "sequence"),
                    cell_of(violation, "model"), cell_of(violation, "release"),
                    cell_of(violation, "kind"), cell_of(violation, "tried"),
                    cell_of(violation, "received_at")});
  if (rows.size() == 1) return "no model has broken the rules of its cage\n";
  return table(rows);
}

std::string violation_view(const Json& violation) {
  const Json* claims = violation.find("claims");
  const auto event = claims == nullptr ? std::nullopt : event_of(*claims);
  if (!event) return facts_view(violation);
  Rows rows{
      {"what", tried(*event)},
      {"when", to_rfc3339(event->time) + std::string(event->phase == ledger::ViolationPhase::load
                                                         ? ", while loading"
                                                         : ", while serving")},
      {"model", event->model.str() + " release " + std::to_string(event->release)},
      {"device", cell_of(violation, "device") + ", its number " + cell_of(violation, "sequence")}};
  if (event->call) add_numbers(*event->call, rows);
  rows.push_back({"model root", to_hex(event->model_root)});
  rows.push_back({"sandbox profile", to_hex(event->profile_sha256)});
  if (event->contract_sha256) rows.push_back({"runtime contract", to_hex(*event->contract_sha256)});
  if (event->worker_sha256) rows.push_back({"worker", to_hex(*event->worker_sha256)});
  const bool* of_old = violation.find("of_old") ? violation.find("of_old")->if_bool() : nullptr;
  rows.push_back(
      {"epoch",
       cell_of(violation, "epoch") +
           (of_old != nullptr && *of_old ? ", before trust in the device was withdrawn" : "")});
  rows.push_back({"received", cell_of(violation, "received_at")});
  rows.push_back({"evidence", cell_of(violation, "id")});
  return table(rows);
}

}  // namespace vedette::cli
