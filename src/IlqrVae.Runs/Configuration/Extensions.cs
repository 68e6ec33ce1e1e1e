using System.Reflection;
using System.Runtime.Loader;
using IlqrVae.Models.Kinds;

namespace IlqrVae.Runs.Configuration;

/// <summary>
/// Assemblies with dynamics and links that users have written. Their code runs when they are loaded, so those that a model, a checkpoint or a run names are
/// loaded only where the user has agreed: by naming them, or a configuration that names them, before.
/// </summary>
public static class Extensions
{
    /// <summary>The environment variable that allows every assembly where it is 1.</summary>
    public const string Variable = "ILQR_VAE_TRUST_EXTENSIONS";

    /// <summary>
    /// The kinds that come with the library and those of some assemblies that the user named: they are trusted from now on, in this process and, by their
    /// SHA-256, in later ones of this user.
    /// </summary>
    /// <param name="paths">The assemblies' files.</param>
    /// <param name="where">What names them, for messages.</param>
    /// <exception cref="InputException">A file is missing or no assembly for this program, or holds no kinds.</exception>
    public static ModelKinds Load(IEnumerable<string> paths, string where) => Load(paths, where, isAgreed: true);

    /// <summary>Agrees to an assembly and what it refers to of its folder, without loading them, in this process and, by their SHA-256, in later ones of this user.</summary>
    /// <param name="path">The assembly.</param>
    /// <returns>Whether later processes will know them too; not where the user has no folder for it that can be written.</returns>
    /// <exception cref="InputException">It is missing or no assembly.</exception>
    public static bool Trust(string path)
    {
        var files = new List<(string Path, string Hash)>();
        try
        {
            ExtensionBundle.Read(path, (file, hash) => files.Add((file, hash)));
        }
        catch (BadImageFormatException exception)
        {
            throw new InputException($"{Shown(path)}: this is no assembly ({Shown(exception.Message)}); give the .dll of a .NET class library.", exception);
        }

        return files.ConvertAll(one => ExtensionTrust.Add(Shown(one.Path), one.Hash)).TrueForAll(isKept => isKept);
    }

    /// <summary>The kinds, of assemblies that are trusted or become so.</summary>
    /// <param name="paths">The assemblies' files.</param>
    /// <param name="where">What names them, for messages.</param>
    /// <param name="isAgreed">Whether the user named them; else they must be known.</param>
    internal static ModelKinds Load(IEnumerable<string> paths, string where, bool isAgreed)
    {
        var kinds = ModelKinds.BuiltIn;
        foreach (var path in paths)
        {
            var shown = Shown(path);
            if (!File.Exists(path))
            {
                throw new InputException($"{where}: the extension {shown} is not there; build it, or mend its path, which is relative to this file.");
            }

            try
            {
                kinds = kinds.With(LoadOne(path, where, isAgreed));
            }
            catch (Exception exception) when (exception is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException or MissingMemberException)
            {
                throw new InputException($"{where}: the extension {shown} cannot be loaded ({Shown(exception.Message)}); build it as a .NET class library against this version of IlqrVae.", exception);
            }
        }

        return kinds;
    }

    /// <summary>Whether a path names a machine, as in \\server\share\file, and not the one that the file naming it lies on; and nobody allowed that.</summary>
    /// <param name="path">As it is written.</param>
    /// <param name="folder">The folder of the file that names it.</param>
    internal static bool IsOfAnotherMachine(string path, string folder)
    {
        return Environment.GetEnvironmentVariable(Variable) != "1" && MachineOf(path) is { } machine && !string.Equals(machine, MachineOf(folder), StringComparison.OrdinalIgnoreCase);

        static string? MachineOf(string path)
            => path.Length > 2 && path[0] is '\\' or '/' && path[1] is '\\' or '/' ? path[2..].Split('\\', '/')[0] : null;
    }

    private static Assembly LoadOne(string path, string where, bool isAgreed)
    {
        if (ExtensionBundle.IsOwn(path))
        {
            return AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.GetFullPath(path));
        }

        var agreed = new List<(string Path, string Hash)>();
        var bundle = ExtensionBundle.Read(path, (file, hash) =>
        {
            if (isAgreed)
            {
                agreed.Add((file, hash));
            }
            else if (!ExtensionTrust.Has(hash))
            {
                throw new InputException(
                    $"{where}: its extension {Shown(file)} (SHA-256 {hash[..12]}) is a program, and not one that you ran before; if you trust whoever made it, name it once in 'ilqr-vae config trust', or set {Variable}=1 for this command.");
            }
        });
        var assembly = bundle.Load();
        foreach (var (file, hash) in agreed)
        {
            ExtensionTrust.Add(Shown(file), hash);
        }

        return assembly;
    }

    /// <summary>A text of a file without what would move a terminal's cursor or turn its writing round.</summary>
    internal static string Shown(string text)
        => new([.. text.Select(character => char.IsControl(character) || char.GetUnicodeCategory(character) is System.Globalization.UnicodeCategory.Format
            or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator ? ' ' : character)]);
}
