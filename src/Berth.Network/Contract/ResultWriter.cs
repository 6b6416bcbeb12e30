// Results as each version of the specification has them: 0.1 and 0.2 know one address a family, 0.3 and 0.4 say the family, 1.x sorts.
using System.Net;
using Berth.Oci.Json;

namespace Berth.Network.Contract;

/// <summary>Writes results; the order of members is the reference's: as declared before 1.0, by name from then on.</summary>
internal static class ResultWriter
{
    public static void Write(JsonWriter json, CniResult result, string version)
    {
        CniVersions.Require(version);
        json.WriteStartObject();
        json.WriteText("cniVersion"u8, version);
        if (version[0] == '1') WriteSorted(json, result);
        else if (version is "0.1.0" or "0.2.0") WriteFamilies(json, result, version);
        else WriteDeclared(json, result);
        json.WriteEndObject();
    }

    private static void WriteSorted(JsonWriter json, CniResult result)
    {
        if (!result.Dns.IsEmpty) WriteSorted(json, result.Dns);
        if (result.Interfaces.Count > 0)
        {
            json.WriteStartArray("interfaces"u8);
            foreach (CniInterface one in result.Interfaces)
            {
                json.WriteStartObject();
                json.WriteUnlessEmpty("mac"u8, one.Mac);
                json.WriteUnlessZero("mtu"u8, one.Mtu);
                json.WriteText("name"u8, one.Name);
                json.WriteUnlessEmpty("pciID"u8, one.PciId);
                json.WriteUnlessEmpty("sandbox"u8, one.Sandbox);
                json.WriteUnlessEmpty("socketPath"u8, one.SocketPath);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (result.Addresses.Count > 0)
        {
            json.WriteStartArray("ips"u8);
            foreach (CniAddress one in result.Addresses)
            {
                json.WriteStartObject();
                json.WriteText("address"u8, one.Address.ToString());
                WriteAddress(json, "gateway"u8, one.Gateway);
                if (one.Interface is { } index) json.WriteNumber("interface"u8, index);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (result.Routes.Count == 0) return;
        json.WriteStartArray("routes"u8);
        foreach (CniRoute route in result.Routes)
        {
            json.WriteStartObject();
            json.WriteUnlessZero("advmss"u8, route.AdvertisedMss);
            json.WriteText("dst"u8, route.Destination.ToString());
            WriteAddress(json, "gw"u8, route.Gateway);
            json.WriteUnlessZero("mtu"u8, route.Mtu);
            json.WriteUnlessZero("priority"u8, route.Priority);
            if (route.Scope is { } scope) json.WriteNumber("scope"u8, scope);
            if (route.Table is { } table) json.WriteNumber("table"u8, table);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteSorted(JsonWriter json, CniDns dns)
    {
        json.WriteStartObject("dns"u8);
        json.WriteUnlessEmpty("domain"u8, dns.Domain);
        WriteTexts(json, "nameservers"u8, dns.Nameservers);
        WriteTexts(json, "options"u8, dns.Options);
        WriteTexts(json, "search"u8, dns.Search);
        json.WriteEndObject();
    }

    private static void WriteDeclared(JsonWriter json, CniResult result)
    {
        if (result.Interfaces.Count > 0)
        {
            json.WriteStartArray("interfaces"u8);
            foreach (CniInterface one in result.Interfaces)
            {
                json.WriteStartObject();
                json.WriteText("name"u8, one.Name);
                json.WriteUnlessEmpty("mac"u8, one.Mac);
                json.WriteUnlessEmpty("sandbox"u8, one.Sandbox);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (result.Addresses.Count > 0)
        {
            json.WriteStartArray("ips"u8);
            foreach (CniAddress one in result.Addresses)
            {
                json.WriteStartObject();
                json.WriteText("version"u8, one.Address.Is4 ? "4" : "6");
                if (one.Interface is { } index) json.WriteNumber("interface"u8, index);
                json.WriteText("address"u8, one.Address.ToString());
                WriteAddress(json, "gateway"u8, one.Gateway);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (result.Routes.Count > 0)
        {
            json.WriteStartArray("routes"u8);
            foreach (CniRoute route in result.Routes) WriteDeclared(json, route);
            json.WriteEndArray();
        }
        WriteDeclared(json, result.Dns);
    }

    private static void WriteDeclared(JsonWriter json, CniRoute route)
    {
        json.WriteStartObject();
        json.WriteText("dst"u8, route.Destination.ToString());
        WriteAddress(json, "gw"u8, route.Gateway);
        json.WriteUnlessZero("mtu"u8, route.Mtu);
        json.WriteUnlessZero("advmss"u8, route.AdvertisedMss);
        json.WriteUnlessZero("priority"u8, route.Priority);
        if (route.Table is { } table) json.WriteNumber("table"u8, table);
        if (route.Scope is { } scope) json.WriteNumber("scope"u8, scope);
        json.WriteEndObject();
    }

    /// <summary>Before 1.0 it is always there, if only as an empty object.</summary>
    private static void WriteDeclared(JsonWriter json, CniDns dns)
    {
        json.WriteStartObject("dns"u8);
        WriteTexts(json, "nameservers"u8, dns.Nameservers);
        json.WriteUnlessEmpty("domain"u8, dns.Domain);
        WriteTexts(json, "search"u8, dns.Search);
        WriteTexts(json, "options"u8, dns.Options);
        json.WriteEndObject();
    }

    private static void WriteFamilies(JsonWriter json, CniResult result, string version)
    {
        CniAddress? four = null, six = null;
        foreach (CniAddress one in result.Addresses)
        {
            if (one.Address.Is4) four ??= one;
            else six ??= one;
        }
        if (four is null && six is null) throw CniException.Failed($"cannot convert the result to version {version}: it has no address");
        if (four is not null) WriteFamily(json, "ip4"u8, four, result.Routes);
        if (six is not null) WriteFamily(json, "ip6"u8, six, result.Routes);
        WriteDeclared(json, result.Dns);
    }

    private static void WriteFamily(JsonWriter json, ReadOnlySpan<byte> name, CniAddress address, IReadOnlyList<CniRoute> routes)
    {
        json.WriteStartObject(name);
        json.WriteText("ip"u8, address.Address.ToString());
        WriteAddress(json, "gateway"u8, address.Gateway);
        bool any = false;
        foreach (CniRoute route in routes)
        {
            if (route.Destination.Is4 != address.Address.Is4) continue;
            if (!any) json.WriteStartArray("routes"u8);
            any = true;
            json.WriteStartObject();
            json.WriteText("dst"u8, route.Destination.ToString());
            WriteAddress(json, "gw"u8, route.Gateway);
            json.WriteEndObject();
        }
        if (any) json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteAddress(JsonWriter json, ReadOnlySpan<byte> name, IPAddress? address)
    {
        if (address is not null) json.WriteText(name, AddressText.Of(address));
    }

    private static void WriteTexts(JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0) return;
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteRawValue(JsonText.Quote(text));
        json.WriteEndArray();
    }
}
