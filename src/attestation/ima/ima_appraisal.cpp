#include "attestation/ima/ima_appraisal.h"

#include <algorithm>
#include <optional>

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;

// None: accepted.
using Judgement = std::optional<ImaFindingKind>;

Judgement judge_digest(const ImaPolicy& policy, const FileDigest& actual,
                       const ImaPolicy::Digests* known, ImaFindingKind unknown,
                       ImaFindingKind other) {
  if (known == nullptr) return unknown;
  if (std::ranges::find(*known, actual) == known->end()) return other;
  if (actual.algorithm == TpmAlgorithm::sha1 && !policy.accepts_sha1())
    return ImaFindingKind::weak_digest;
  return std::nullopt;
}

Judgement judge_unsigned_file(const ImaPolicy& policy, const ImaEntry& entry) {
  return judge_digest(policy, entry.digest, policy.file(entry.path), ImaFindingKind::unknown_file,
                      ImaFindingKind::other_digest);
}

Judgement judge_file(const ImaPolicy& policy, const ImaEntry& entry) {
  if (entry.signature.empty()) return judge_unsigned_file(policy, entry);
  const auto signature = parse_ima_signature(entry.signature);
  if (!signature) return ImaFindingKind::bad_signature;
  if (const ImaKey* const key = policy.key(signature->key_id); key != nullptr) {
    if (verify_ima_signature(*signature, entry.digest, *key)) return std::nullopt;
    return ImaFindingKind::bad_signature;
  }
  const Judgement judgement = judge_unsigned_file(policy, entry);
  return judgement == ImaFindingKind::unknown_file ? ImaFindingKind::unknown_key : judgement;
}

Judgement judge(const ImaPolicy& policy, const ImaReplay& replay, std::uint64_t number,
                const ImaEntry& entry) {
  if (entry.violation)
    return policy.tolerates_violations() ? Judgement() : ImaFindingKind::violation;
  if (entry.path == kBootAggregate)
    return number == 0 || entry.digest == replay.boot_aggregate ? Judgement()
                                                                : ImaFindingKind::boot_aggregate;
  if (entry.kind == ImaTemplate::buf)
    return judge_digest(policy, entry.digest, policy.buffer(entry.path),
                        ImaFindingKind::unknown_buffer, ImaFindingKind::other_buffer);
  if (policy.excludes(entry.path)) return std::nullopt;
  return judge_file(policy, entry);
}

std::vector<FileDigest> expected_by(const ImaPolicy& policy, const ImaReplay& replay,
                                    const ImaEntry& entry, ImaFindingKind kind) {
  if (kind == ImaFindingKind::boot_aggregate) return {replay.boot_aggregate};
  const ImaPolicy::Digests* known = nullptr;
  if (kind == ImaFindingKind::other_digest) known = policy.file(entry.path);
  if (kind == ImaFindingKind::other_buffer) known = policy.buffer(entry.path);
  if (known == nullptr) return {};
  const std::size_t count = std::min(known->size(), kMaxShownDigests);
  return {known->begin(), known->begin() + static_cast<std::ptrdiff_t>(count)};
}

std::string one_of(const std::vector<FileDigest>& digests) {
  std::string text;
  for (const FileDigest& digest : digests)
    text += (text.empty() ? "" : " or ") + to_string(digest);
  return text;
}

}  // namespace

std::string_view to_string(ImaFindingKind kind) {
  switch (kind) {
    case ImaFindingKind::unknown_file:
      return "unknown-file";
    case ImaFindingKind::other_digest:
      return "other-digest";
    case ImaFindingKind::weak_digest:
      return "weak-digest";
    case ImaFindingKind::violation:
      return "violation";
    case ImaFindingKind::bad_signature:
      return "bad-signature";
    case ImaFindingKind::unknown_key:
      return "unknown-key";
    case ImaFindingKind::unknown_buffer:
      return "unknown-buffer";
    case ImaFindingKind::other_buffer:
      return "other-buffer";
    case ImaFindingKind::boot_aggregate:
      return "boot-aggregate";
  }
  return "unknown";
}

ImaAppraisal appraise_ima(const Verified<ImaAdvance>& advance, const ImaPolicy& policy) {
  ImaAppraisal appraisal;
  std::uint64_t number = advance->first_entry;
  for (const ImaEntry& entry : advance->entries) {
    const Judgement kind = judge(policy, advance->replay, number, entry);
    if (kind && appraisal.total++ < kMaxImaFindings)
      appraisal.findings.push_back(
          {.entry = number,
           .path = entry.path,
           .kind = *kind,
           .actual = entry.digest,
           .expected = expected_by(policy, advance->replay, entry, *kind)});
    ++number;
  }
  return appraisal;
}

std::string in_words(const ImaFinding& finding) {
  std::string subject = "IMA: " + shown(finding.path);
  const std::string actual = to_string(finding.actual);
  switch (finding.kind) {
    case ImaFindingKind::unknown_file:
      return subject + " is new, digest " + actual;
    case ImaFindingKind::other_digest:
    case ImaFindingKind::other_buffer:
    case ImaFindingKind::boot_aggregate:
      return subject + " is another, digest " + actual + " instead of " + one_of(finding.expected);
    case ImaFindingKind::weak_digest:
      return subject + " was measured with SHA-1 alone, digest " + actual;
    case ImaFindingKind::violation:
      return subject + " was written to while it was read, so its digest is unknown";
    case ImaFindingKind::bad_signature:
      return subject + " has a signature that is not its own, digest " + actual;
    case ImaFindingKind::unknown_key:
      return subject + " is new and signed by an unknown key, digest " + actual;
    case ImaFindingKind::unknown_buffer:
      return subject + " is a new buffer, digest " + actual;
  }
  return subject;
}

}  // namespace vedette::attestation
