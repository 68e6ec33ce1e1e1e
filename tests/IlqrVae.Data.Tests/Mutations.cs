using System.Diagnostics;

namespace IlqrVae.Data.Tests;

/// <summary>Files that are damaged at random: one line or a remark, quickly and in little memory.</summary>
internal static class Mutations
{
    private const double MostSeconds = 5;
    private const long MostBytes = 1L << 30;

    /// <summary>What reads for so long will never end, and would hold up the tests without a word of what it was.</summary>
    private const double HangSeconds = 120;

    /// <summary>What all copies of this process took at most, for a look at many of them.</summary>
    private static (double Seconds, string What) s_longest;
    private static (long Bytes, string What) s_largest;
    private static int s_faults;

    /// <summary>As many copies a reader as these tests try.</summary>
    private const double UsualCopies = 2000;

    /// <summary>How many copies are tried: so many of 2,000 a reader, or the same share of what ILQR_VAE_MUTATIONS says, for once in a while.</summary>
    public static int Copies(int usual) => (int)Math.Max(1, Math.Round(usual * Setting("ILQR_VAE_MUTATIONS", UsualCopies) / UsualCopies));

    /// <summary>Seeds of so many copies, from what ILQR_VAE_MUTATION_SEED says or zero.</summary>
    public static IEnumerable<int> Seeds(int copies) => Enumerable.Range((int)Setting("ILQR_VAE_MUTATION_SEED", 0), copies);

    private static string? Log => Environment.GetEnvironmentVariable("ILQR_VAE_MUTATION_LOG") is { Length: > 0 } log ? log : null;

    /// <summary>Tells what many copies took, as lines of the file that ILQR_VAE_MUTATION_LOG names.</summary>
    public static void Tell(string what, int copies, int refused)
    {
        if (Log is { } log)
        {
            using var process = Process.GetCurrentProcess();
            File.AppendAllText(log, FormattableString.Invariant($"{what}\t{copies} copies\t{refused} refusals\tlongest {s_longest.Seconds:F3} s ({s_longest.What})\tmost allocated by a read {s_largest.Bytes / 1e6:F1} MB ({s_largest.What})\tpeak of the process {process.PeakWorkingSet64 / 1e6:F0} MB\t{s_faults} faults\n"));
            Assert.True(s_faults == 0, $"{s_faults} faults are in {log}");
        }
    }

    /// <summary>A fault ends the test, or where there is a file for them is written there, so that the others are found too.</summary>
    private static void Fault(string words)
    {
        Assert.True(Log is not null, words);
        s_faults++;
        File.AppendAllText(Log!, $"FAULT {words.ReplaceLineEndings(" ")}\n");
    }

    private static double Setting(string name, double usual) => double.TryParse(Environment.GetEnvironmentVariable(name), System.Globalization.CultureInfo.InvariantCulture, out var value) ? value : usual;

    /// <summary>A copy with bytes changed, moved or cut off.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="random">Chooses what is changed.</param>
    /// <param name="headerBytes">How many bytes in front hold most of what can go wrong.</param>
    public static byte[] Of(byte[] bytes, Random random, int headerBytes)
    {
        if (random.Next(10) == 0)
        {
            return bytes[..random.Next(bytes.Length)];
        }

        var copy = (byte[])bytes.Clone();
        switch (random.Next(3))
        {
            case 0:
                for (var i = random.Next(1, 20); i > 0; i--)
                {
                    copy[random.Next(copy.Length)] = (byte)random.Next(256);
                }

                break;
            case 1:
                for (var i = random.Next(1, 8); i > 0; i--)
                {
                    copy[random.Next(Math.Min(copy.Length, headerBytes))] = random.Next(3) switch { 0 => (byte)0xff, 1 => (byte)0, _ => (byte)random.Next(256) };
                }

                break;
            default:
                var (from, length) = (random.Next(copy.Length), random.Next(1, 64));
                var to = random.Next(Math.Max(1, copy.Length - 64));
                bytes.AsSpan(from, Math.Min(length, copy.Length - from)).CopyTo(copy.AsSpan(to));
                break;
        }

        return copy;
    }

    /// <summary>Tries what may be refused in one line, and quickly and in little memory; returns how often it was.</summary>
    /// <param name="seed">Of the copy, for messages.</param>
    /// <param name="actions">What is tried, each giving the number of trials that it made.</param>
    public static int Try(int seed, params (string What, Func<int> Action)[] actions)
    {
        var refused = 0;
        foreach (var (what, action) in actions)
        {
            // A machine with much else to do is slow now and then, which processor time tells, but not twice.
            for (var tries = 0; tries < 2; tries++)
            {
                var (watch, processor, before, trials) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, GC.GetAllocatedBytesForCurrentThread(), 0);
                using var hang = new Timer(_ => Environment.FailFast($"seed {seed}, {what}: no end after {HangSeconds} s"), null, TimeSpan.FromSeconds(HangSeconds), Timeout.InfiniteTimeSpan);
                try
                {
                    trials = action();
                }
                catch (InputException exception)
                {
                    refused++;
                    if (exception.Message.Contains('\n', StringComparison.Ordinal) || exception.Message.Length >= 2000)
                    {
                        Fault($"seed {seed}, {what}: more than a line, {exception.Message.Length} characters: {exception.Message[..Math.Min(200, exception.Message.Length)]}");
                    }
                }
                catch (Exception exception)
                {
                    Fault($"seed {seed}, {what}: {exception}");
                }

                var (seconds, allocated) = (Math.Min(watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds), GC.GetAllocatedBytesForCurrentThread() - before);
                s_largest = allocated > s_largest.Bytes ? (allocated, $"{what}, {seed}") : s_largest;
                if (allocated >= MostBytes)
                {
                    Fault($"seed {seed}, {what}: {allocated >> 20} MB");
                }

                // A session that a byte has made 16 hours long has very many chunks.
                if (seconds < MostSeconds + (trials / 10_000.0))
                {
                    s_longest = seconds > s_longest.Seconds ? (seconds, $"{what}, {seed}") : s_longest;
                    break;
                }

                if (tries > 0)
                {
                    Fault($"seed {seed}, {what}: {seconds} s");
                }
            }
        }

        return refused;
    }
}
