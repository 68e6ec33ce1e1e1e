using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;
using System.Security.Cryptography;
using IlqrVae.Data;

namespace IlqrVae.Runs.Configuration;

/// <summary>An assembly of a user and the assemblies beside it that it refers to, read once: what is hashed is what is loaded.</summary>
internal sealed class ExtensionBundle
{
    private const long LargestBytes = 1 << 28;

    private static readonly Lock s_lock = new();
    private static readonly Dictionary<string, Assembly> s_loaded = new(StringComparer.Ordinal);
    private static readonly Lazy<HashSet<string>> s_own = new(() => new HashSet<string>(
        ((AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string) ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal));

    private readonly Dictionary<string, Part> _parts = new(StringComparer.OrdinalIgnoreCase);
    private readonly Part _root;

    private ExtensionBundle(Part root) => _root = root;

    /// <summary>Reads an assembly and what it refers to of the same folder. Each is shown before anything in it is looked at.</summary>
    /// <param name="path">The assembly.</param>
    /// <param name="require">Throws where a file, with this SHA-256, is not to be loaded.</param>
    public static ExtensionBundle Read(string path, Action<string, string> require)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)!;
        var bundle = new ExtensionBundle(Take(full, require));
        bundle._parts.Add(Path.GetFileNameWithoutExtension(full), bundle._root);
        var open = new Queue<Part>([bundle._root]);
        while (open.TryDequeue(out var part))
        {
            foreach (var name in ReferencesOf(part.Bytes))
            {
                var beside = Path.Combine(folder, name + ".dll");
                if (!bundle._parts.ContainsKey(name) && name == Path.GetFileName(name) && File.Exists(beside) && !IsOfProgram(name))
                {
                    var found = Take(beside, require);
                    bundle._parts.Add(name, found);
                    open.Enqueue(found);
                }
            }
        }

        return bundle;
    }

    /// <summary>Whether a file is one that this program consists of, whose code runs in any case.</summary>
    /// <param name="path">The file.</param>
    public static bool IsOwn(string path)
    {
        var full = Path.GetFullPath(path);
        return s_own.Value.Contains(full) || AssemblyLoadContext.Default.Assemblies.Any(one => !one.IsDynamic && one.Location == full);
    }

    /// <summary>Loads the assembly from the bytes that were read; once, so that its types are the same for all who read it.</summary>
    public Assembly Load()
    {
        var key = string.Join(' ', _parts.Values.Select(part => part.Hash).Order(StringComparer.Ordinal).Prepend(_root.Hash));
        lock (s_lock)
        {
            if (!s_loaded.TryGetValue(key, out var assembly))
            {
                using var stream = new MemoryStream(_root.Bytes);
                s_loaded[key] = assembly = new Context(_parts).LoadFromStream(stream);
            }

            return assembly;
        }
    }

    private static Part Take(string path, Action<string, string> require)
    {
        using var stream = InputFile.Open(path);
        if (stream.Length > LargestBytes)
        {
            throw new BadImageFormatException($"{stream.Length} bytes are too many");
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        require(path, hash);
        return new Part(bytes, hash);
    }

    private static List<string> ReferencesOf(byte[] bytes)
    {
        using var image = new PEReader(new MemoryStream(bytes));
        if (!image.HasMetadata)
        {
            throw new BadImageFormatException("it is no .NET assembly");
        }

        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(one => metadata.GetString(metadata.GetAssemblyReference(one).Name))];
    }

    /// <summary>Whether the program or the framework has an assembly of that name, which goes before any other.</summary>
    private static bool IsOfProgram(string name)
    {
        if (AssemblyLoadContext.Default.Assemblies.Any(one => string.Equals(one.GetName().Name, name, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        try
        {
            AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName { Name = name });
            return true;
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException)
        {
            return false;
        }
    }

    private sealed record Part(byte[] Bytes, string Hash);

    /// <summary>Finds the assemblies of a bundle, from the bytes that were read, and those of the program; no others.</summary>
    private sealed class Context(Dictionary<string, Part> parts) : AssemblyLoadContext("extension")
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            if (assemblyName.Name is { } name && parts.TryGetValue(name, out var part))
            {
                using var stream = new MemoryStream(part.Bytes);
                return LoadFromStream(stream);
            }

            return null;
        }
    }
}
