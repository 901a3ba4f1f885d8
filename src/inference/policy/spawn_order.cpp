#include "inference/policy/spawn_order.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "inference/policy/profile_text.h"

namespace vedette::inference {

namespace {

constexpr std::string_view kTitle = "vedette-spawn 1\n";

std::unexpected<Error> refuse_order(std::string_view what) {
  return refuse("SBX-ORDER", "the order to start a worker makes no sense",
                std::string(what.substr(0, 80)));
}

std::string_view name_of(ModelFormat format) {
  return format == ModelFormat::ort ? "ort" : "onnx";
}

// The rest of a line that begins with `key`; the line is taken off `text`.
Result<std::string_view> take_line(std::string_view& text, std::string_view key) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(key)) return refuse_order(key);
  const std::string_view value = text.substr(key.size(), end - key.size());
  text.remove_prefix(end + 1);
  return value;
}

template <std::size_t N>
void copy_text(char (&to)[N], std::string_view text) {
  const std::size_t size = std::min(text.size(), N - 1);
  std::copy_n(text.begin(), size, to);
  to[size] = '\0';
}

}  // namespace

std::string to_message(const SpawnOrder& order) {
  return std::string(kTitle) + "format " + std::string(name_of(order.format)) + "\nconvert " +
         (order.convert ? "yes" : "no") + "\ncpu " + std::to_string(order.cpu) + "\ndrill " +
         order.drill + "\n" + canonical_text(order.profile);
}

Result<SpawnOrder> parse_order(std::string_view message) {
  if (message.size() > kMaxOrderBytes || !message.starts_with(kTitle)) return refuse_order("title");
  message.remove_prefix(kTitle.size());
  SpawnOrder order;
  VEDETTE_TRY(const std::string_view format, take_line(message, "format "));
  if (format != "onnx" && format != "ort") return refuse_order(format);
  order.format = format == "ort" ? ModelFormat::ort : ModelFormat::onnx;
  VEDETTE_TRY(const std::string_view convert, take_line(message, "convert "));
  if (convert != "yes" && convert != "no") return refuse_order(convert);
  order.convert = convert == "yes";
  VEDETTE_TRY(const std::string_view cpu, take_line(message, "cpu "));
  const auto [end, fault] = std::from_chars(cpu.data(), cpu.data() + cpu.size(), order.cpu);
  if (fault != std::errc{} || end != cpu.data() + cpu.size()) return refuse_order(cpu);
  VEDETTE_TRY(const std::string_view drill, take_line(message, "drill "));
  if (drill.size() > kMaxDrillName) return refuse_order(drill);
  order.drill = drill;
  VEDETTE_TRY(order.profile, parse_profile(message));
  return order;
}

Error Report::error() const {
  return {std::string(code, ::strnlen(code, sizeof code)), words(), "", ""};
}

std::string Report::words() const {
  return {text, ::strnlen(text, sizeof text)};
}

Report refusal_report(const Error& error) {
  Report report;
  copy_text(report.code, error.code);
  std::string text = error.message;
  if (!error.cause.empty()) text += " (" + error.cause + ")";
  if (!error.hint.empty()) text += "; " + error.hint;
  copy_text(report.text, text);
  return report;
}

Report birth_report(int pid, std::string_view bounded_by) {
  Report report = plain_report(ReportKind::born, pid);
  copy_text(report.text, bounded_by);
  return report;
}

Report plain_report(ReportKind kind, int value, bool by_signal) {
  Report report;
  report.kind = kind;
  report.value = value;
  report.by_signal = by_signal ? 1 : 0;
  return report;
}

std::optional<Report> parse_report(ByteView bytes) {
  Report report;
  if (bytes.size() != sizeof report) return std::nullopt;
  std::memcpy(&report, bytes.data(), sizeof report);
  switch (report.kind) {
    case ReportKind::born:
    case ReportKind::caged:
    case ReportKind::refused:
    case ReportKind::output:
    case ReportKind::ended:
      return report;
  }
  return std::nullopt;
}

}  // namespace vedette::inference
