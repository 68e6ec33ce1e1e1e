using System.Text;

namespace IlqrVae.Models.Kinds;

/// <summary>Names of types and properties as configurations write them.</summary>
internal static class KindName
{
    /// <summary>"VanDerPol" becomes "van-der-pol".</summary>
    public static string Of(string name)
    {
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var startsWord = char.IsUpper(name[i]) && i > 0 && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            text.Append(startsWord ? "-" : "").Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }
}
