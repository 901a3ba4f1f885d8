#include "ledger/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "codec/base64.h"
#include "codec/utf8.h"

namespace vedette::ledger {
namespace {

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("CHECKPOINT-SYNTAX", "this is not a log's checkpoint", std::move(cause));
}

// Without their line feeds; empty when the text does not end in one.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  if (!text.ends_with('\n')) return lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc() || end != text.data() + text.size() || leading_zero)
    return refuse_syntax("not a size: " + std::string(text.substr(0, 80)));
  return size;
}

Result<TreeHash> parse_root(std::string_view text) {
  TreeHash root{};
  const auto bytes = codec::from_base64(text);
  if (!bytes || bytes->size() != root.size()) return refuse_syntax("not a root of 32 bytes");
  std::ranges::copy(*bytes, root.begin());
  return root;
}

}  // namespace

std::string to_checkpoint_body(const Checkpoint& checkpoint) {
  std::string body = checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
                     codec::to_base64(checkpoint.root) + "\n";
  for (const std::string& line : checkpoint.extensions)
    body += line + "\n";
  return body;
}

Result<Checkpoint> parse_checkpoint_body(std::string_view body) {
  const std::vector<std::string_view> lines = lines_of(body);
  if (lines.size() < 3) return refuse_syntax("fewer than three lines");
  for (const std::string_view line : lines)
    if (line.empty() || !codec::is_utf8(line) || codec::has_control_character(line))
      return refuse_syntax("an empty line or a control character");
  Checkpoint checkpoint;
  checkpoint.origin = lines[0];
  VEDETTE_TRY(checkpoint.size, parse_size(lines[1]));
  VEDETTE_TRY(checkpoint.root, parse_root(lines[2]));
  checkpoint.extensions.assign(lines.begin() + 3, lines.end());
  return checkpoint;
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const NoteSigner& signer) {
  return signer.sign(to_checkpoint_body(checkpoint));
}

Result<VerifiedCheckpoint> verify_checkpoint(std::string_view note, const NoteVerifier& log) {
  VEDETTE_TRY(const std::string body, open_note(note, std::span(&log, 1)));
  VEDETTE_TRY(Checkpoint checkpoint, parse_checkpoint_body(body));
  if (checkpoint.origin != log.name())
    return refuse("CHECKPOINT-ORIGIN", "the checkpoint speaks for another log",
                  checkpoint.origin.substr(0, 200) + ", signed by " + log.name());
  return VerifiedCheckpoint(Checkpoint::VerificationKey(), std::move(checkpoint));
}

}  // namespace vedette::ledger
