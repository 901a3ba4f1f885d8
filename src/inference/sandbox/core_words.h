// Core scheduling (Linux 5.14) as prctl knows it; installed headers may be older than the kernel.
#pragma once

namespace vedette::inference::sandbox {

inline constexpr int kSchedCore = 62;       // PR_SCHED_CORE
inline constexpr int kSchedCoreGet = 0;     // PR_SCHED_CORE_GET
inline constexpr int kSchedCoreCreate = 1;  // PR_SCHED_CORE_CREATE
inline constexpr int kOfThread = 0;         // PIDTYPE_PID, the only one that can be asked
inline constexpr int kOfProcess = 1;        // PIDTYPE_TGID: all threads

inline constexpr const char* kSmtActive = "/sys/devices/system/cpu/smt/active";

}  // namespace vedette::inference::sandbox
