using System.Reflection;
using IlqrVae.Models.Kinds;

namespace IlqrVae.Runs.Configuration;

/// <summary>Assemblies with dynamics and links that users have written. Their code runs when they are loaded: name only those you trust.</summary>
public static class Extensions
{
    /// <summary>The kinds that come with the library and those of some assemblies.</summary>
    /// <param name="paths">The assemblies' files.</param>
    /// <param name="where">What names them, for messages.</param>
    /// <exception cref="InputException">A file is missing or no assembly for this program, or holds no kinds.</exception>
    public static ModelKinds Load(IEnumerable<string> paths, string where)
    {
        var kinds = ModelKinds.BuiltIn;
        foreach (var path in paths)
        {
            if (!File.Exists(path))
            {
                throw new InputException($"{where}: the extension {path} is not there; build it, or mend its path, which is relative to this file.");
            }

            try
            {
                kinds = kinds.With(Assembly.LoadFrom(Path.GetFullPath(path)));
            }
            catch (Exception exception) when (exception is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException or MissingMemberException)
            {
                throw new InputException($"{where}: the extension {path} cannot be loaded ({exception.Message}); build it as a .NET class library against this version of IlqrVae.", exception);
            }
        }

        return kinds;
    }
}
