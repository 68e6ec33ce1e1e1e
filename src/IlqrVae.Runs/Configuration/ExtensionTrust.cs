using System.Collections.Concurrent;

namespace IlqrVae.Runs.Configuration;

/// <summary>
/// Which assemblies the user has agreed to run: their SHA-256, as names of files in a folder of the user's. Files of their own need no lock where several
/// processes write, and none can be damaged; to take one back, delete it.
/// </summary>
internal static class ExtensionTrust
{
    private const UnixFileMode OnlyUser = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly ConcurrentDictionary<string, bool> s_here = new(StringComparer.Ordinal);

    /// <summary>Whether an assembly may be loaded.</summary>
    /// <param name="hash">Its SHA-256.</param>
    public static bool Has(string hash)
        => s_here.ContainsKey(hash)
            || Environment.GetEnvironmentVariable(Extensions.Variable) == "1"
            || (Folder() is { } folder && IsKept(folder, hash));

    /// <summary>Remembers an assembly, in this process and, where there is a place for it, for later ones.</summary>
    /// <param name="path">The assembly, noted for whoever looks into the folder.</param>
    /// <param name="hash">Its SHA-256.</param>
    /// <returns>Whether later processes will know it too.</returns>
    public static bool Add(string path, string hash)
    {
        s_here[hash] = true;
        if (Folder() is not { } folder)
        {
            return false;
        }

        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, OnlyUser | UnixFileMode.UserExecute);
            }

            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OnlyUser;
            }

            using var writer = new StreamWriter(Path.Combine(folder, hash), options);
            writer.Write($"{path}\n");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is there already, or cannot be kept; what was asked for is done all the same.
        }

        return IsKept(folder, hash);
    }

    /// <summary>The folder; null where the user has none. A relative one would be that of whoever made the current folder.</summary>
    private static string? Folder()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return Path.IsPathFullyQualified(home) ? Path.Combine(home, "ilqr-vae", "trusted-extensions") : null;
    }

    private static bool IsKept(string folder, string hash) => IsOnlyUsers(folder) && File.Exists(Path.Combine(folder, hash));

    /// <summary>What others can write into says nothing of the user.</summary>
    private static bool IsOnlyUsers(string folder)
        => OperatingSystem.IsWindows() || (Directory.Exists(folder) && (File.GetUnixFileMode(folder) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == UnixFileMode.None);
}
