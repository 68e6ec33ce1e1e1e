using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace IlqrVae.Data.Tests;

/// <summary>Writes arrays as NumPy does.</summary>
internal static class NpyBytes
{
    public static byte[] Header(string type, bool isColumnMajor, int[] shape, int version = 1)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '{type}', 'fortran_order': {(isColumnMajor ? "True" : "False")}, 'shape': ({string.Join(", ", shape)}{(shape.Length == 1 ? "," : "")}), }}");
        text = text.PadRight(118 - (version > 1 ? 2 : 0)) + "\n";
        byte[] length = version == 1 ? [(byte)text.Length, 0] : [(byte)text.Length, 0, 0, 0];
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. Encoding.ASCII.GetBytes(text)];
    }

    public static byte[] Of(double[] values, params int[] shape) => [.. Header("<f8", false, shape.Length == 0 ? [values.Length] : shape), .. MemoryMarshal.AsBytes(values.AsSpan())];

    public static byte[] Of(int[] values, params int[] shape) => [.. Header("<i4", false, shape.Length == 0 ? [values.Length] : shape), .. MemoryMarshal.AsBytes(values.AsSpan())];

    /// <summary>An archive of arrays.</summary>
    public static void Archive(string path, params (string Name, byte[] Array)[] arrays)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, array) in arrays)
        {
            using var entry = archive.CreateEntry(name + ".npy").Open();
            entry.Write(array);
        }
    }
}
