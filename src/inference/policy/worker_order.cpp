#include "inference/policy/worker_order.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace vedette::inference {

namespace {

std::unexpected<Error> refuse_order(std::string message, std::string_view what) {
  return refuse("SBX-ORDER", std::move(message), std::string(what.substr(0, 80)),
                "vedette-worker is started by vedette-agent; by hand: vedette-worker --drill "
                "open-file|socket|exec|fork|ptrace");
}

constexpr std::uint64_t kMaxMemory = std::uint64_t{1} << 40U;

Result<std::uint64_t> parse_memory(std::string_view text) {
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc{} || end != text.data() + text.size() || bytes == 0 || bytes > kMaxMemory)
    return refuse_order("--memory is not a number of bytes", text);
  return bytes;
}

Result<Posture> parse_posture(std::string_view text) {
  for (const Posture posture : {Posture::full, Posture::without_landlock})
    if (name_of(posture) == text) return posture;
  return refuse_order("there is no such posture", text);
}

Result<void> apply(WorkerOrder& order, std::string_view option, std::string_view value) {
  if (option == "--profile") {
    order.profile = value;
  } else if (option == "--posture") {
    VEDETTE_TRY(order.posture, parse_posture(value));
  } else if (option == "--memory") {
    VEDETTE_TRY(order.memory_bytes, parse_memory(value));
  } else if (option == "--drill") {
    order.drill = drill_act_from_name(value);
    if (!order.drill) return refuse_order("there is no such drill", value);
  } else {
    return refuse_order("there is no such option", option);
  }
  return {};
}

}  // namespace

std::string_view name_of(Posture posture) {
  switch (posture) {
    case Posture::full:
      return "full";
    case Posture::without_landlock:
      return "without-landlock";
  }
  return "unknown";
}

std::string_view name_of(DrillAct act) {
  switch (act) {
    case DrillAct::open_file:
      return "open-file";
    case DrillAct::socket:
      return "socket";
    case DrillAct::exec:
      return "exec";
    case DrillAct::fork:
      return "fork";
    case DrillAct::ptrace:
      return "ptrace";
  }
  return "unknown";
}

std::optional<DrillAct> drill_act_from_name(std::string_view name) {
  for (const DrillAct act : kDrillActs)
    if (name_of(act) == name) return act;
  return std::nullopt;
}

std::vector<std::string> to_arguments(const WorkerOrder& order) {
  std::vector<std::string> arguments = {"--profile", order.profile,
                                        "--posture", std::string(name_of(order.posture)),
                                        "--memory",  std::to_string(order.memory_bytes)};
  if (order.drill) {
    arguments.emplace_back("--drill");
    arguments.emplace_back(name_of(*order.drill));
  }
  return arguments;
}

Result<WorkerOrder> parse_arguments(std::span<const std::string_view> arguments) {
  WorkerOrder order;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    if (!seen.insert(arguments[i]).second)
      return refuse_order("an option is given twice", arguments[i]);
    if (i + 1 == arguments.size()) return refuse_order("an option has no value", arguments[i]);
    VEDETTE_CHECK(apply(order, arguments[i], arguments[i + 1]));
  }
  return order;
}

}  // namespace vedette::inference
