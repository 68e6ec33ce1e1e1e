using System.Globalization;
using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace IlqrVae.Numerics;

/// <summary>The caches near a core, by which blocks of large products are cut. Results do not hang on them but for the order of a few sums.</summary>
/// <param name="First">Bytes of the first level's data cache of a core.</param>
/// <param name="Second">Bytes of the second level's cache of a core, or of those that share one, as a share.</param>
/// <param name="Third">Bytes of the cache that cores share, all of it.</param>
public readonly record struct CacheSizes(long First, long Second, long Third)
{
    /// <summary>Whatever the processor says is taken for true between these; a guest of a virtual machine may be told anything.</summary>
    private const long Least = 8 << 10;
    private const long Most = 1L << 30;

    private const string Folder = "/sys/devices/system/cpu/cpu0/cache";

    /// <summary>Names the caches in place of the processor's own, "32k,512k,16m": for measurements and tests.</summary>
    public const string Variable = "ILQR_VAE_CACHES";

    /// <summary>Caches of common processors, for those that do not tell.</summary>
    public static CacheSizes Common { get; } = new(32 << 10, 1 << 20, 32 << 20);

    private static readonly Lazy<CacheSizes> s_current = new(() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text ? Parse(text) : From(X86Base.IsSupported ? OfProcessor() : OfSystem()));

    /// <summary>Those of this machine, found once.</summary>
    /// <exception cref="InputException">The environment variable is not three sizes.</exception>
    public static CacheSizes Current => s_current.Value;

    /// <summary>Reads three sizes in bytes, each with k, m or g after it if need be.</summary>
    /// <param name="text">Such as "32k,512k,16m".</param>
    /// <exception cref="InputException">It is not that.</exception>
    public static CacheSizes Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(',').Select(ParseOne).ToArray();
        return parts.Length == 3 && Array.TrueForAll(parts, size => size is >= Least and <= Most)
            ? new CacheSizes(parts[0]!.Value, parts[1]!.Value, parts[2]!.Value)
            : throw new InputException($"{Variable} is '{text}'; give the sizes of three caches, each from 8k to 1g, such as 32k,512k,16m.");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{InWords(First)}, {InWords(Second)}, {InWords(Third)}";

    private static string InWords(long bytes) => bytes >= 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} kB");

    private static long? ParseOne(string text)
    {
        text = text.Trim();
        var factor = text.Length == 0 ? 1 : char.ToLowerInvariant(text[^1]) switch { 'k' => 1L << 10, 'm' => 1L << 20, 'g' => 1L << 30, _ => 1 };
        return long.TryParse(factor == 1 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= Most ? number * factor : null;
    }

    /// <summary>From what is told of each cache; what is not told is that of common processors, and a processor without a third level has what its second is.</summary>
    /// <param name="caches">Level, bytes, and how many cores share it.</param>
    internal static CacheSizes From(IEnumerable<(int Level, long Bytes, int Sharers)> caches)
    {
        var levels = new long[4];
        foreach (var (level, bytes, sharers) in caches)
        {
            if (level is >= 1 and <= 3 && bytes is >= Least and <= Most && bytes / Math.Max(1, sharers) >= Least)
            {
                levels[level] = level == 2 ? bytes / Math.Max(1, sharers) : bytes;
            }
        }

        return new CacheSizes(
            levels[1] > 0 ? levels[1] : Common.First,
            levels[2] > 0 ? levels[2] : Common.Second,
            levels[3] > 0 ? levels[3] : levels[2] > 0 ? levels[2] : Common.Third);
    }

    /// <summary>The deterministic cache parameters of x86: leaf 4 of Intel's processors, 0x8000001D of AMD's. Sharers are counted in cores, of two threads each.</summary>
    internal static IEnumerable<(int Level, long Bytes, int Sharers)> OfProcessor()
    {
        var leaf = X86Base.CpuId(0, 0).Ecx == 0x444D4163 ? unchecked((int)0x8000001D) : 4;
        var last = leaf < 0 ? X86Base.CpuId(unchecked((int)0x80000000), 0).Eax : X86Base.CpuId(0, 0).Eax;
        if ((uint)last < (uint)leaf)
        {
            yield break;
        }

        for (var index = 0; index < 8; index++)
        {
            var (a, b, c, _) = X86Base.CpuId(leaf, index);
            var type = a & 31;
            if (type == 0)
            {
                yield break;
            }

            // 1 holds data, 3 data and instructions.
            if (type is 1 or 3)
            {
                var ways = ((b >>> 22) & 1023) + 1L;
                var partitions = ((b >>> 12) & 1023) + 1L;
                var line = (b & 4095) + 1L;
                yield return ((a >>> 5) & 7, ways * partitions * line * ((uint)c + 1L), Math.Max(1, (((a >>> 14) & 4095) + 1) / 2));
            }
        }
    }

    /// <summary>What Linux tells of the first processor's caches.</summary>
    internal static IEnumerable<(int Level, long Bytes, int Sharers)> OfSystem()
    {
        if (!Directory.Exists(Folder))
        {
            yield break;
        }

        foreach (var cache in Directory.EnumerateDirectories(Folder, "index*"))
        {
            string Text(string name)
            {
                try
                {
                    return File.ReadAllText(Path.Combine(cache, name)).Trim();
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    return "";
                }
            }

            if (Text("type") is "Data" or "Unified" && int.TryParse(Text("level"), NumberStyles.None, CultureInfo.InvariantCulture, out var level) && ParseOne(Text("size")) is { } bytes)
            {
                yield return (level, bytes, Math.Max(1, Text("shared_cpu_map").Where(char.IsAsciiHexDigit).Sum(digit => BitOperations.PopCount((uint)Uri.FromHex(digit))) / 2));
            }
        }
    }
}
