// What a TUF repository may make us read, keep and do. The first seven are python-tuf's figures.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::release::tuf {

inline constexpr std::uint64_t kMaxRootOctets = 512'000;
inline constexpr std::uint64_t kMaxTimestampOctets = 16'384;
inline constexpr std::uint64_t kMaxSnapshotOctets = 2'000'000;
inline constexpr std::uint64_t kMaxTargetsOctets = 5'000'000;
inline constexpr int kMaxRootRotations = 256;       // in one refresh; the next goes on from there
inline constexpr std::size_t kMaxDelegations = 32;  // visited by one search
inline constexpr std::size_t kMaxJsonDepth = 32;

inline constexpr std::uint64_t kMaxTargetOctets = std::uint64_t{1} << 40U;

inline constexpr std::size_t kMaxJsonValues = 500'000;
inline constexpr std::size_t kMaxSignatures = 256;
inline constexpr std::size_t kMaxKeys = 1024;     // of one root or one delegator
inline constexpr std::size_t kMaxRoleKeys = 256;  // key identifiers of one role
inline constexpr std::size_t kMaxNameOctets = 1024;

}  // namespace vedette::release::tuf
