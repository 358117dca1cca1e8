#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Kills this process by SIGKILL after that many more successful calls that change files, by any of
/// its threads. 0: never. For a child process of a test, which then repeats what it tests with 1, 2
/// and so on, until the child process ends by itself. See death.c.
void death_after(long long calls);

/// Returns how many such calls there were since death_after().
long long death_count(void);

#ifdef __cplusplus
}
#endif
