using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace IlqrVae.Numerics;

/// <summary>The machine that something was computed on.</summary>
/// <param name="Processor">The processor's model, where the system tells.</param>
/// <param name="Cores">Logical processors that this process may use.</param>
/// <param name="Architecture">Such as x64 or arm64.</param>
/// <param name="VectorBits">Width of the widest vector registers in use; 0 where products run without any.</param>
/// <param name="Runtime">The .NET runtime.</param>
/// <param name="OperatingSystem">The operating system.</param>
public sealed record MachineDescription(string Processor, int Cores, string Architecture, int VectorBits, string Runtime, string OperatingSystem)
{
    private const string ProcessorFile = "/proc/cpuinfo";

    /// <summary>Describes this machine.</summary>
    public static MachineDescription Current() => new(
        FindProcessor(),
        Environment.ProcessorCount,
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0,
        RuntimeInformation.FrameworkDescription,
        RuntimeInformation.OSDescription);

    /// <summary>The line of the processor's model, as the x86 and some ARM kernels of Linux write it; else what the environment says.</summary>
    private static string FindProcessor()
    {
        try
        {
            if (File.Exists(ProcessorFile))
            {
                foreach (var line in File.ReadLines(ProcessorFile))
                {
                    var colon = line.IndexOf(':', StringComparison.Ordinal);
                    if (colon > 0 && line[..colon].TrimEnd() is "model name" or "Model" && line[(colon + 1)..].Trim() is { Length: > 0 } model)
                    {
                        return model;
                    }
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Then nobody knows.
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") is { Length: > 0 } identifier ? identifier : "unknown";
    }
}
