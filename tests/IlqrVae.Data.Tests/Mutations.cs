using System.Diagnostics;

namespace IlqrVae.Data.Tests;

/// <summary>Files that are damaged at random: one line or a remark, quickly and in little memory.</summary>
internal static class Mutations
{
    private const double MostSeconds = 5;
    private const long MostBytes = 1L << 30;

    /// <summary>How many copies are tried: so many, or what ILQR_VAE_MUTATIONS says, for once in a while.</summary>
    public static int Copies(int usual) => int.TryParse(Environment.GetEnvironmentVariable("ILQR_VAE_MUTATIONS"), System.Globalization.CultureInfo.InvariantCulture, out var copies) ? copies : usual;

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
            // A machine with much else to do is slow now and then, but not twice.
            for (var tries = 0; ; tries++)
            {
                var (watch, before, trials) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread(), 0);
                try
                {
                    trials = action();
                }
                catch (InputException exception)
                {
                    refused++;
                    Assert.DoesNotContain('\n', exception.Message);
                    Assert.True(exception.Message.Length < 2000, $"seed {seed}, {what}: {exception.Message.Length} characters");
                }
                catch (Exception exception)
                {
                    Assert.Fail($"seed {seed}, {what}: {exception}");
                }

                Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < MostBytes, $"seed {seed}, {what}: {(GC.GetAllocatedBytesForCurrentThread() - before) >> 20} MB");

                // A session that a byte has made 16 hours long has very many chunks.
                if (watch.Elapsed.TotalSeconds < MostSeconds + (trials / 10_000.0))
                {
                    break;
                }

                Assert.True(tries == 0, $"seed {seed}, {what}: {watch.Elapsed}");
            }
        }

        return refused;
    }
}
